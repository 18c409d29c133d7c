"""Names of a key's own for models, and how old its answers may be: kept, changed, handed on, carried to functions."""

from typing import Any

import pytest
from pydantic import ValidationError

from aggregator.auth.api import ApiKeyView, CreateApiKeyRequest, UpdateApiKeyRequest
from aggregator.auth.caller import Caller, unpacked
from aggregator.auth.delegation import inherited
from aggregator.auth.stored import item_of, key_of
from aggregator.errors import InvalidRequest
from tests.unit.auth.desk import GRANT, Desk, desk_with
from tests.unit.auth.fakes import ADMIN, MANAGER, NOW, a_key

ALIASES = {"fast": "groq/gpt-oss-20b", "gpt-4": "gpt-4o-mini"}
KEY, _ = a_key()
NAMED = GRANT._replace(aliases=ALIASES, cache_seconds=60)


def test_they_reach_the_functions_with_the_proven_caller() -> None:
    caller = KEY._replace(grant=NAMED).caller()

    carried = Caller.from_event({"requestContext": {"authorizer": caller.to_context()}})

    assert carried == caller
    assert [carried.meant_by(name) for name in ("fast", "gpt-4o")] == ["groq/gpt-oss-20b", "gpt-4o"]
    assert carried.cache_seconds == 60


def test_a_key_without_them_carries_nothing_of_them() -> None:
    said = unpacked(KEY.caller().to_context()["caller"])

    assert "aliases" not in said
    assert "cacheSeconds" not in said


def test_they_are_stored_and_read_again() -> None:
    key = KEY._replace(grant=NAMED)

    assert key_of(item_of(key)) == key


def test_a_key_that_was_stored_before_there_were_any_has_none() -> None:
    stored = {name: value for name, value in item_of(KEY).items() if name not in {"aliases", "cacheSeconds"}}

    assert key_of(stored).grant.aliases == {}
    assert key_of(stored).grant.cache_seconds == 0


def test_they_are_set_shown_and_taken_away_again() -> None:
    made = CreateApiKeyRequest.model_validate(
        {"userId": "ann", "name": "n", "aliases": ALIASES, "cacheSeconds": 60}
    ).to_grant(ADMIN)
    shown = ApiKeyView.of(KEY._replace(grant=made), NOW)
    fields = UpdateApiKeyRequest.model_validate({"aliases": None, "cacheSeconds": 0}).to_fields()

    assert (made.aliases, made.cache_seconds) == (ALIASES, 60)
    assert (shown.aliases, shown.cache_seconds) == (ALIASES, 60)
    assert fields == {"aliases": {}, "cache_seconds": 0}


def test_a_change_of_them_is_on_record() -> None:
    desk = desk_with(KEY)

    desk.update(KEY.key_id, aliases=ALIASES)

    assert desk.keys.changes[-1].changes == {"aliases": {"from": {}, "to": ALIASES}}


def test_a_key_hands_its_own_names_on_unless_the_new_one_says_otherwise() -> None:
    maker = MANAGER._replace(aliases=ALIASES, cache_seconds=60)

    issued = Desk().issue(grant=GRANT._replace(aliases={"fast": "gpt-4o-mini"}), by=maker)

    assert issued.key.grant.aliases == {"fast": "gpt-4o-mini", "gpt-4": "gpt-4o-mini"}
    assert issued.key.grant.cache_seconds == 60


def test_more_than_the_authorizer_can_hand_on_is_refused() -> None:
    many = {f"name-{number}": "m" * 190 for number in range(50)}

    with pytest.raises(InvalidRequest, match="aliases"):
        Desk().issue(grant=GRANT._replace(aliases=many))


@pytest.mark.parametrize(
    "fields",
    [
        {"aliases": {"": "gpt-4o"}},
        {"aliases": {"fast": ""}},
        {"aliases": {"with space": "gpt-4o"}},
        {"aliases": {"fast": "x" * 201}},
        {"aliases": {f"n{number}": "gpt-4o" for number in range(51)}},
        {"cacheSeconds": -1},
        {"cacheSeconds": 3601},
        {"cacheSeconds": "60"},
        {"cap": "none"},
    ],
)
def test_what_cannot_be_one_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CreateApiKeyRequest.model_validate({"userId": "ann", "name": "n", **fields})


def test_what_becomes_of_a_cap_is_stored_carried_shown_and_inherited() -> None:
    key = KEY._replace(grant=GRANT._replace(cap="refuse"))

    event = {"requestContext": {"authorizer": key.caller().to_context()}}

    assert Caller.from_event(event).cap == "refuse"
    assert key_of(item_of(key)).grant.cap == "refuse"
    assert ApiKeyView.of(key, NOW).cap == "refuse"
    assert inherited(GRANT, key.caller()).cap == "refuse"


def test_a_key_that_was_stored_before_caps_has_them_lowered() -> None:
    stored = {name: value for name, value in item_of(KEY).items() if name != "cap"}

    assert key_of(stored).grant.cap == "lower"
    assert "cap" not in unpacked(KEY.caller().to_context()["caller"])


@pytest.mark.parametrize(("asked", "cap"), [("refuse", "refuse"), ("lower", "lower"), (None, "lower")])
def test_a_change_of_what_becomes_of_a_cap(asked: str | None, cap: str) -> None:
    assert UpdateApiKeyRequest.model_validate({"cap": asked}).to_fields() == {"cap": cap}
