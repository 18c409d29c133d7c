"""A key says whose it is and what it may do, to whoever has it, whatever it may do."""

from datetime import UTC, datetime, timedelta

from aggregator.auth.caller import Caller
from tests.integration.own_calls.platform import OwnCall, Platform

ME = OwnCall("auth/get_caller", "GET", "/auth/me", scope="")


def test_a_key_is_told_whose_it_is_and_what_it_may_do(platform: Platform) -> None:
    caller = Caller(
        "1vQ8Zk7pQ2xA",
        "ann",
        scopes=("inference",),
        allowed_models=("gpt-4o*",),
        limits={"requestsPerMinute": 60, "dailyBudgetNanoUsd": 5_000_000_000},
        aliases={"fast": "gpt-4o-mini"},
        cache_seconds=60,
        cap="refuse",
    )

    said = platform.call(ME, caller)

    assert said.status == 200
    assert said.body == {
        "userId": "ann",
        "keyId": "1vQ8Zk7pQ2xA",
        "teamId": None,
        "scopes": ["inference"],
        "admin": False,
        "session": False,
        "expiresAt": None,
        "allowedModels": ["gpt-4o*"],
        "allowedIps": None,
        "limits": {
            "requestsPerMinute": 60,
            "tokensPerMinute": None,
            "usdPerMinute": None,
            "concurrentRequests": None,
            "dailyBudget": "5.00",
            "monthlyBudget": None,
        },
        "pricePercent": 100,
        "aliases": {"fast": "gpt-4o-mini"},
        "cacheSeconds": 60,
        "cap": "refuse",
    }


def test_a_key_without_any_scope_and_an_admins_are_told_too(platform: Platform) -> None:
    nothing = platform.call(ME, Caller("k1", "ann", scopes=()))
    admin = platform.call(ME)

    assert (nothing.status, nothing.body["scopes"]) == (200, [])
    assert (admin.status, admin.body["admin"]) == (200, True)


def test_a_key_that_has_expired_is_told_that_alone(platform: Platform) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)

    said = platform.call(ME, Caller("k1", "ann", expires_at=yesterday))

    assert (said.status, said.code) == (401, "invalid_api_key")


def test_a_parameter_that_it_does_not_have_is_named(platform: Platform) -> None:
    said = platform.call(ME, query={"userId": "bob"})

    assert (said.status, said.param) == (400, "userId")
