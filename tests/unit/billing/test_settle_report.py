"""What a settled batch tells operators: times of single requests, and a line for each user, model and provider."""

from typing import Any

import pytest

from aggregator.billing.reserve import reserve
from aggregator.billing.settle_batch import settle_batch
from aggregator.runtime import observability
from aggregator.runtime.aws import AwsError
from aggregator.runtime.batch import Message
from aggregator.runtime.clock import from_iso
from tests.fakes.ledger_world import MOMENT, NOW, LedgerWorld
from tests.fakes.usage_events import ai_usage

LATENCY = 1.2
ENDED = from_iso(MOMENT).timestamp() + LATENCY


@pytest.fixture(autouse=True)
def _no_metrics_left_over() -> None:
    observability.metrics.clear_metrics()


def funded(*users: str) -> LedgerWorld:
    world = LedgerWorld()
    for user_id in users:
        world.credit(1_000, user_id, f"credit-{user_id}")
        for _ in range(4):
            reserve(world.store, user_id, at_most_nano_usd=100, at_least_nano_usd=100, now_epoch_seconds=NOW)
    return world


def settled(world: LedgerWorld, *details: Any, seconds_later: float = 0.0) -> None:
    messages = [Message(f"m{n}", detail) for n, detail in enumerate(details)]
    settle_batch(world.store, messages, world.slept.append, lambda: ENDED + seconds_later)


def times() -> dict[str, list[float]]:
    return {
        name: metric["Value"]
        for name, metric in observability.metrics.metric_set.items()
        if metric["Unit"] == "Milliseconds"
    }


FIELDS = (
    "user_id",
    "model",
    "provider",
    "requests",
    "failed",
    "tokens",
    "cost_nano_usd",
    "provider_nano_usd",
    "margin_nano_usd",
    "request_ids",
)


def lines(logged: pytest.LogCaptureFixture) -> list[tuple[Any, ...]]:
    """The lines of usage, field by field."""
    return [
        tuple(getattr(record, name) for name in FIELDS)
        for record in logged.records
        if record.message == "usage"
    ]


def test_a_request_is_late_by_what_passed_since_its_end() -> None:
    settled(funded("ann"), ai_usage("r1"), ai_usage("r2", latencyMs=700), seconds_later=3)

    assert times() == {"SettleLagMs": [3_000, 3_500]}


def test_a_clock_that_is_ahead_makes_nobody_early() -> None:
    settled(funded("ann"), ai_usage("r1"), seconds_later=-3)

    assert times() == {"SettleLagMs": [0]}


def test_what_was_added_is_the_first_word_less_what_the_provider_took() -> None:
    settled(funded("ann"), ai_usage("r1", timeToFirstTokenMs=300, providerMs=280))

    assert times()["AddedLatencyMs"] == [20]


@pytest.mark.parametrize(
    "fields",
    [
        {"timeToFirstTokenMs": 300},
        {"timeToFirstTokenMs": 300, "providerMs": 280, "attempts": 2},
        {"timeToFirstTokenMs": None, "providerMs": 280},
    ],
)
def test_where_it_is_not_known_what_was_added_nothing_is_said(fields: dict[str, Any]) -> None:
    settled(funded("ann"), ai_usage("r1", **fields))

    assert "AddedLatencyMs" not in times()


def test_an_event_that_does_not_say_when_it_was_is_settled_and_not_timed() -> None:
    world = funded("ann")

    settled(world, ai_usage("r1", occurredAt="yesterday"))

    assert "r1" in world.entries()
    assert times() == {}


def test_what_came_before_is_not_told_again(caplog: pytest.LogCaptureFixture) -> None:
    world = funded("ann")
    settled(world, ai_usage("r1"))
    observability.metrics.clear_metrics()
    caplog.clear()

    settled(world, ai_usage("r1"))

    assert times() == {}
    assert lines(caplog) == []


def test_what_could_not_be_settled_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    world = funded("ann")
    world.aws.refusals["TransactWriteItems"] = [AwsError("ValidationException")]

    settled(world, ai_usage("r1"))

    assert times() == {}
    assert lines(caplog) == []


def test_a_line_says_what_a_user_used_of_a_model_and_what_the_markup_brings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    marked_up = {"version": "7@110%", "input": 1_100_000, "output": 1_100_000}
    settled(
        funded("ann", "bob"),
        ai_usage("r1"),
        ai_usage("r2", cost=10, price=marked_up, costNanoUsd=11),
        ai_usage("r3", userId="bob", model="large", outcome="provider_cut"),
    )

    assert lines(caplog) == [
        ("ann", "mini", "openai", 2, 0, 50, 51, 50, 1, ["r1", "r2"]),
        ("bob", "large", "openai", 1, 1, 40, 40, 40, 0, ["r3"]),
    ]


@pytest.mark.parametrize("version", ["7@0%", "7@x%", "7@%", "7@110", "@"])
def test_a_version_that_names_no_markup_is_the_providers_own_price(
    version: str, caplog: pytest.LogCaptureFixture
) -> None:
    price = {"version": version, "input": 1_000_000, "output": 1_000_000}

    settled(funded("ann"), ai_usage("r1", price=price))

    assert lines(caplog)[0][FIELDS.index("margin_nano_usd")] == 0


def test_a_line_says_of_which_trace_each_of_its_requests_is(caplog: pytest.LogCaptureFixture) -> None:
    root = "1-6a22a50c-aaaabbbbccccddddeeeeffff"

    settled(funded("ann"), ai_usage("r1", trace=f"Root={root};Sampled=1"), ai_usage("r2"))

    (line,) = (each for each in caplog.records if each.message == "usage")
    assert vars(line)["traces"] == {"r1": root}
