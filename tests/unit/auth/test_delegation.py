from datetime import timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.auth.caller import Caller
from aggregator.auth.delegation import (
    inherited,
    require_manager,
    require_visible,
    require_within,
)
from aggregator.auth.model import Grant
from aggregator.errors import MissingScope, NotFound, NotYours
from tests.unit.auth.fakes import ADMIN, MANAGER, NOW, a_key

DAY = timedelta(days=1)
PLAIN = Grant(name="new", scopes=("inference",))
LIMITED = MANAGER._replace(
    expires_at=NOW + DAY,
    allowed_models=("gpt-4o*", "mistral-small"),
    allowed_ips=("203.0.113.0/24", "2001:db8::/32"),
    limits={"requestsPerMinute": 60, "dailyBudgetNanoUsd": 5_000_000_000},
)
WITHIN = Grant(
    name="new",
    scopes=("inference", "keys:manage"),
    expires_at=NOW + DAY,
    allowed_models=("gpt-4o-mini", "gpt-4o-*"),
    allowed_ips=("203.0.113.128/25", "2001:db8:1::/48"),
    limits={"requestsPerMinute": 60, "dailyBudgetNanoUsd": 1, "tokensPerMinute": 5},
)

texts = st.text("ab", max_size=3)
patterns = st.text("ab*", max_size=4)


def test_a_key_hands_on_what_it_has_itself_or_less() -> None:
    require_within(WITHIN, LIMITED)


@pytest.mark.parametrize(
    ("field", "param"),
    [
        ({"scopes": ("inference", "billing:read")}, "scopes"),
        ({"scopes": ("admin",)}, "scopes"),
        ({"expires_at": None}, "expiresAt"),
        ({"expires_at": NOW + 2 * DAY}, "expiresAt"),
        ({"allowed_models": None}, "allowedModels"),
        ({"allowed_models": ("gpt-4*",)}, "allowedModels"),
        ({"allowed_models": ("gpt-4o-mini", "mistral-large")}, "allowedModels"),
        ({"allowed_ips": None}, "allowedIps"),
        ({"allowed_ips": ("203.0.112.0/23",)}, "allowedIps"),
        ({"allowed_ips": ("203.0.113.7/32", "198.51.100.1/32")}, "allowedIps"),
        ({"allowed_ips": ("2001:db9::/48",)}, "allowedIps"),
        ({"limits": {"requestsPerMinute": 61, "dailyBudgetNanoUsd": 1}}, "limits.requestsPerMinute"),
        ({"limits": {"requestsPerMinute": 60}}, "limits.dailyBudget"),
    ],
)
def test_a_key_hands_on_nothing_beyond_what_it_has(field: dict[str, object], param: str) -> None:
    beyond = WITHIN._replace(**field)  # type: ignore[arg-type]

    with pytest.raises(MissingScope) as refused:
        require_within(beyond, LIMITED)

    assert refused.value.param == param


def test_a_key_that_may_manage_keys_cannot_make_an_admin_key() -> None:
    with pytest.raises(MissingScope):
        require_within(PLAIN._replace(scopes=("admin",)), MANAGER)


def test_an_admin_hands_on_anything() -> None:
    require_within(PLAIN._replace(scopes=("admin", "inference")), ADMIN)


def test_what_a_new_key_leaves_open_it_inherits() -> None:
    filled = inherited(PLAIN._replace(limits={"requestsPerMinute": 5}), LIMITED)

    assert filled == Grant(
        name="new",
        scopes=("inference",),
        expires_at=NOW + DAY,
        allowed_models=("gpt-4o*", "mistral-small"),
        allowed_ips=("203.0.113.0/24", "2001:db8::/32"),
        limits={"requestsPerMinute": 5, "dailyBudgetNanoUsd": 5_000_000_000},
    )
    require_within(filled, LIMITED)


def test_a_key_of_an_admin_inherits_nothing() -> None:
    limited_admin = ADMIN._replace(expires_at=NOW + DAY, limits={"requestsPerMinute": 1})

    assert inherited(PLAIN, limited_admin) == PLAIN


@given(patterns, patterns, st.data())
def test_a_model_pattern_within_another_matches_nothing_beyond_it(
    inner: str, outer: str, data: st.DataObject
) -> None:
    model = "".join(data.draw(texts) if each == "*" else each for each in inner)
    by = MANAGER._replace(allowed_models=(outer,))

    assert fnmatchcase(model, inner)
    assert is_refused(PLAIN._replace(allowed_models=(inner,)), by) or fnmatchcase(model, outer)


def is_refused(grant: Grant, by: Caller) -> bool:
    try:
        require_within(grant, by)
    except MissingScope:
        return True
    return False


def test_managing_keys_needs_the_scope_and_the_user() -> None:
    require_manager(MANAGER, "ann")
    require_manager(ADMIN, "ann")

    with pytest.raises(NotYours):
        require_manager(MANAGER, "bob")
    with pytest.raises(MissingScope):
        require_manager(MANAGER._replace(scopes=("inference",)), "ann")


def test_another_users_key_is_not_found() -> None:
    of_bob, _ = a_key(user_id="bob")
    of_ann, _ = a_key()

    assert require_visible(of_ann, MANAGER) is of_ann
    assert require_visible(of_bob, ADMIN) is of_bob
    with pytest.raises(NotFound, match=r"There is no such API key\."):
        require_visible(of_bob, MANAGER)
