"""A markup on a key: set by an admin, handed on as it is, and in every price its caller is quoted."""

import pytest

from aggregator.auth.api import CreateApiKeyRequest
from aggregator.auth.caller import Caller
from aggregator.auth.delegation import require_within
from aggregator.errors import MissingScope
from tests.unit.auth.fakes import ADMIN, MANAGER


def asked(percent: int | None) -> CreateApiKeyRequest:
    return CreateApiKeyRequest(userId="ann", name="new", scopes=["inference"], pricePercent=percent)


def test_an_admin_sets_it() -> None:
    grant = asked(120).to_grant(by=ADMIN)

    require_within(grant, ADMIN)

    assert grant.price_percent == 120


def test_a_user_s_key_hands_on_its_own() -> None:
    grant = asked(None).to_grant(by=MANAGER._replace(price_percent=120))

    assert grant.price_percent == 120


@pytest.mark.promise("exact")
def test_a_user_s_key_cannot_grant_another() -> None:
    marked_up = MANAGER._replace(price_percent=120)

    with pytest.raises(MissingScope) as refused:
        require_within(asked(100).to_grant(by=marked_up), marked_up)

    assert refused.value.param == "pricePercent"


@pytest.mark.parametrize("percent", [100, 85, 130])
def test_it_survives_the_authorizer_s_context(percent: int) -> None:
    caller = MANAGER._replace(price_percent=percent)

    context = {"requestContext": {"authorizer": caller.to_context()}}

    assert Caller.from_event(context).price_percent == percent
