"""A provider's bill is the platform's: whoever calls through it is told neither to wait nor that they did wrong."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from aggregator.errors import ProviderFailed, ProviderRefused, RateLimitExceeded
from aggregator.proxy.call import call
from aggregator.proxy.dialects.lanes import adapter_of, refusal_by
from aggregator.proxy.dialects.refused import refusal_of, retry_after_of
from tests.fakes.chat_world import (
    Clock,
    FakeKeys,
    ScriptedResponse,
    ScriptedUpstream,
    ask,
    completion,
    counted,
    way,
)


def error(message: str = "", **fields: Any) -> bytes:
    return json.dumps({"error": {"message": message, **fields}}).encode()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            429,
            error(
                "You exceeded your current quota, please check your plan and billing details.",
                type="insufficient_quota",
                code="insufficient_quota",
            ),
        ),
        (
            429,
            error(
                "Your account is not active, please check your billing details.", type="billing_not_active"
            ),
        ),
        (400, error("Billing hard limit has been reached.", code="billing_hard_limit_reached")),
        (
            429,
            error("Your account org-1 is suspended, please recharge.", type="exceeded_current_quota_error"),
        ),
        (429, error("Insufficient balance or no resource package. Please recharge.", code="1113")),
        (
            429,
            json.dumps(
                {"code": "x", "error": "Your team has either used all available credits or reached"}
            ).encode(),
        ),
        (400, json.dumps({"code": "Arrearage", "message": "Access denied."}).encode()),
        (400, error("Access denied, please make sure your account is in good standing.")),
        (412, error("Account acme is suspended, possibly due to reaching the monthly spending limit.")),
        (429, error("Your prepayment credits are depleted.", status="RESOURCE_EXHAUSTED")),
        (429, error("You exceeded your current quota, please check your plan and billing details.")),
        (402, error("Insufficient Balance")),
        (403, error("Your team has reached its monthly spending limit.")),
    ],
)
def test_an_account_that_is_out_of_money_is_the_platforms_failure(status: int, body: bytes) -> None:
    refusal = refusal_of(status, {}, body)

    assert type(refusal) is ProviderFailed
    assert refusal.message == "The provider did not accept the platform's request."
    assert refusal.retry_after_seconds is None


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (429, {}, error("Rate limit reached for requests", code="rate_limit_exceeded"), RateLimitExceeded),
        (
            429,
            {"retry-after": "13"},
            error("You exceeded your current quota, check your plan and billing"),
            RateLimitExceeded,
        ),
        (400, {}, error("The word 'balance' is not allowed here", code="invalid_value"), ProviderRefused),
        (429, {}, b"not JSON", RateLimitExceeded),
    ],
)
def test_what_passes_and_what_the_client_did_stays_the_clients(
    status: int, headers: Mapping[str, str], body: bytes, kind: type[Exception]
) -> None:
    assert type(refusal_of(status, headers, body)) is kind


def test_googles_limits_by_the_minute_pass_and_those_by_the_day_do_not() -> None:
    def said(quota: str) -> bytes:
        violation = {"quotaId": f"GenerateRequests{quota}PerProjectPerModel"}
        details = [
            {"@type": "QuotaFailure", "violations": [violation]},
            {"@type": "RetryInfo", "retryDelay": "25s"},
        ]
        return error(
            "You exceeded your current quota, please check your plan and billing details.", details=details
        )

    minute, day = (refusal_by(adapter_of("gemini"), 429, {}, said(each)) for each in ("PerMinute", "PerDay"))

    assert (type(minute), minute.retry_after_seconds) == (RateLimitExceeded, 25)
    assert type(day) is ProviderFailed


def test_an_unpaid_route_is_left_for_the_next_one_and_counts_against_it() -> None:
    unpaid = ScriptedResponse(error("no", code="insufficient_quota"), status=429)
    upstream = ScriptedUpstream(unpaid, unpaid, ScriptedResponse(completion("hello", counted(1, 1))))
    clock, failed = Clock(), list[str]()

    class Watching:
        def answered(self, *_said: Any) -> None:
            return

        def failed(self, route: Any, _ask: Any, _seconds: float) -> bool:
            failed.append(route.name)
            return False

    answer = call(
        ask(),
        [way("openai"), way("azure")],
        upstream=upstream,
        keys=FakeKeys(),
        watch=Watching(),
        deadline=clock.monotonic() + 60,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )

    assert answer.route.provider.id == "azure"
    assert failed == ["openai/openai-mini", "openai/openai-mini"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("60", 60),
        ("61", 60),
        ("99999999", 60),
        ("9" * 5_000, 60),
        ("1.2", 2),
        ("0", 0),
        ("", None),
        ("-5", None),
        ("1e9", None),
        ("\u0661", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_a_wait_is_passed_on_up_to_a_minute(said: str, seconds: int | None) -> None:
    assert retry_after_of({"retry-after": said}) == seconds


def test_nobody_is_told_to_come_again_in_three_years() -> None:
    assert refusal_of(429, {"retry-after": "99999999"}, b"").retry_after_seconds == 60
    assert refusal_of(503, {"retry-after": "99999999"}, b"").retry_after_seconds == 60
