"""A batch off the queue: poison fails alone, an account that cannot be settled fails with its own events only."""

import json
from typing import Any

import pytest

from aggregator.billing.reserve import reserve
from aggregator.billing.settle_batch import settle_batch, usage_end_of
from aggregator.contracts.ai_usage import AiUsage
from aggregator.runtime import observability
from aggregator.runtime.aws import AwsError
from aggregator.runtime.batch import Message
from tests.fakes.ledger_world import BUCKET, NOW, LedgerWorld
from tests.fakes.usage_events import ai_usage


@pytest.fixture(autouse=True)
def _no_metrics_left_over() -> None:
    observability.metrics.clear_metrics()


def holding(users: dict[str, int], **refusals: list[AwsError]) -> LedgerWorld:
    world = LedgerWorld(**refusals)
    for user_id, holds in users.items():
        world.credit(1_000, user_id, f"credit-{user_id}")
        for _ in range(holds):
            reserve(
                world.store,
                user_id,
                at_most_nano_usd=100,
                at_least_nano_usd=100,
                now_epoch_seconds=NOW,
            )
    return world


def settled(world: LedgerWorld, *details: Any, now: float = NOW) -> set[str]:
    messages = [Message(f"m{n}", detail) for n, detail in enumerate(details)]
    return settle_batch(world.store, messages, world.slept.append, lambda: now)


def counted() -> dict[str, float]:
    return {
        name: sum(metric["Value"])
        for name, metric in observability.metrics.metric_set.items()
        if metric["Unit"] == "Count"
    }


def test_every_event_gets_its_entry() -> None:
    world = holding({"ann": 1, "bob": 1})

    failed = settled(world, ai_usage("r1"), ai_usage("r2", userId="bob"))

    assert failed == set()
    assert (world.available("ann"), world.available("bob")) == (960, 960)
    assert counted() == {"EntriesSettled": 2}


def test_calls_of_tools_and_the_service_tier_are_charged_and_stand_in_the_entry() -> None:
    world = holding({"ann": 1})
    usage = {"inputTokens": 10, "outputTokens": 5, "tools": {"web_search": 2}, "serviceTier": "flex"}
    price = {
        "version": "7",
        "input": 9_000_000,
        "output": 9_000_000,
        "tools": {"web_search": 20},
        "serviceTiers": {"flex": {"input": 1_000_000, "output": 2_000_000}},
    }

    failed = settled(world, ai_usage("r1", usage=usage, price=price, costNanoUsd=60))

    entry = world.entries()["r1"].usage or {}
    assert failed == set()
    assert (entry["tools"], entry["serviceTier"], entry["chargedNanoUsd"]) == ({"web_search": 2}, "flex", 60)
    assert world.available("ann") == 940


def test_an_entry_says_what_it_was_charged_for() -> None:
    world = holding({"ann": 1})

    settled(world, ai_usage("r1"))

    assert world.entries()["r1"].usage == {
        "keyId": "k1",
        "model": "mini",
        "provider": "openai",
        "surface": "chat",
        "stream": True,
        "status": 200,
        "outcome": "completed",
        "attempts": 1,
        "latencyMs": 1200,
        "timeToFirstTokenMs": 300,
        "inputTokens": 0,
        "cachedInputTokens": 0,
        "cacheWriteTokens": 0,
        "outputTokens": 40,
        "reasoningTokens": 0,
        "images": 0,
        "estimated": False,
        "holdNanoUsd": 100,
        "chargedNanoUsd": 40,
        "priceVersion": "1",
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            "Root=1-6a22a50c-aaaabbbbccccddddeeeeffff;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0",
            "Root=1-6a22a50c-aaaabbbbccccddddeeeeffff;Parent=53995c3f42cd8ad8;Sampled=1",
        ),
        ("Root=1-6a22a50c-aaaabbbbccccddddeeeeffff;Parent=53995c3f42cd8ad8;Sampled=0", None),
        ("whatever a client made of it" * 100, None),
        (None, None),
    ],
)
def test_an_entry_keeps_the_trace_that_x_ray_keeps_and_no_other_is_a_reason_to_fail(
    said: str | None, kept: str | None
) -> None:
    world = holding({"ann": 1})

    assert settled(world, ai_usage("r1", trace=said)) == set()

    entry = world.store.entry("ann", "r1")
    assert entry is not None
    assert entry.trace == kept


def test_an_entry_keeps_the_route_the_cap_and_what_the_provider_did_not_get() -> None:
    world = holding({"ann": 1})
    told: dict[str, Any] = {
        "strategy": "cheapest",
        "leftOut": ["groq"],
        "maxTokens": 388,
        "capped": "balance",
    }

    settled(world, ai_usage("r1", **told, ignored=["seed", "metadata"]))

    entry = world.entries()["r1"].usage or {}
    assert {name: entry[name] for name in told} == told
    assert entry["ignored"] == ["seed", "metadata"]


@pytest.mark.parametrize(
    "poison",
    [
        {},
        ai_usage("bad", version=2),
        ai_usage("bad", userId=""),
        ai_usage("bad", userId="x" * 201),
        ai_usage("bad", costNanoUsd=-1),
        ai_usage("bad", costNanoUsd=41),
        ai_usage("bad", costNanoUsd="40"),
        ai_usage("bad", outcome="lost"),
        ai_usage("bad", hold=None),
        ai_usage("bad", hold={"amountNanoUsd": 1.5, "bucket": BUCKET}),
        ai_usage("bad", usage={"inputTokens": 1, "cachedInputTokens": 2, "outputTokens": 39}),
        ai_usage("bad", price={"version": "1", "input": 1_000_000}),
        {name: value for name, value in ai_usage("bad").items() if name != "requestId"},
    ],
)
def test_an_event_that_does_not_keep_its_contract_fails_alone(poison: dict[str, Any]) -> None:
    world = holding({"ann": 2})

    failed = settled(world, poison, ai_usage("r1"))

    assert failed == {"m0"}
    assert set(world.entries()) == {"credit-ann", "r1"}


def test_a_field_that_is_not_known_yet_is_no_reason_to_fail() -> None:
    world = holding({"ann": 1})

    assert settled(world, ai_usage("r1", region="eu")) == set()


def test_an_account_that_cannot_be_settled_fails_with_its_own_events_only() -> None:
    world = holding({"ann": 2, "bob": 1})
    world.aws.refusals["TransactWriteItems"] = [AwsError("ValidationException")]

    failed = settled(
        world, ai_usage("r1"), ai_usage("r2", userId="bob"), ai_usage("r3"), ai_usage("r1", cost=1)
    )

    assert failed == {"m0", "m2", "m3"}
    assert (world.available("ann"), world.available("bob")) == (800, 960)
    assert counted() == {"EntriesSettled": 1}


def test_what_an_operator_must_hear_of_is_counted() -> None:
    world = holding({"ann": 1})
    settled(world, ai_usage("r1"))
    observability.metrics.clear_metrics()

    settled(world, ai_usage("r1"), ai_usage("late", cost=2_000))

    assert counted() == {
        "EntriesSettled": 1,
        "UsageRepeated": 1,
        "UsageLate": 1,
        "PlatformLossNanoUsd": 2_000 - 960,
    }


def test_an_account_is_tidied_after_it_was_settled() -> None:
    world = holding({"ann": 1})

    settled(world, ai_usage("r1"), now=NOW + 7_200)

    assert world.store.account("ann").holds == {}


def test_an_account_that_cannot_be_tidied_is_settled_all_the_same() -> None:
    world = holding({"ann": 1})
    world.aws.refusals["GetItem"] = [AwsError("ThrottlingException")]

    assert settled(world, ai_usage("r1"), now=NOW + 7_200) == set()
    assert world.available() == 960


def test_an_empty_batch_is_no_work() -> None:
    assert settled(LedgerWorld()) == set()


def test_a_price_with_all_its_parts_survives_the_event() -> None:
    price = {
        "version": "3",
        "input": 1_000_000,
        "output": 2_000_000,
        "cachedInput": 500_000,
        "cacheWrite": 1_250_000,
        "reasoning": 3_000_000,
        "image": 7,
        "request": 5,
        "tiers": [{"aboveInputTokens": 100, "input": 2_000_000, "output": 4_000_000}],
    }
    usage = {"inputTokens": 200, "outputTokens": 10, "images": 2}
    event = json.loads(json.dumps(ai_usage(usage=usage, price=price, costNanoUsd=400 + 40 + 14 + 5)))

    end = usage_end_of(AiUsage.model_validate(event))

    assert end.cost_nano_usd == 459
    assert end.price.to_json() == price


def test_usage_of_a_team_is_charged_to_its_wallet_and_names_who_asked() -> None:
    world = holding({"crew": 1, "ann": 1})

    failed = settled(world, ai_usage("r1", userId="ann", teamId="crew"))

    assert failed == set()
    assert (world.available("crew"), world.held("crew")) == (960, 0)
    assert (world.available("ann"), world.held("ann")) == (900, 100)
    usage = world.entries("crew")["r1"].usage
    assert usage is not None
    assert usage["userId"] == "ann"
    assert world.legs("r1", "crew") == {"user:crew": -40, "revenue": 40}
