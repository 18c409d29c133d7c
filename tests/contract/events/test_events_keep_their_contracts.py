"""What the producers put on the bus keeps the published contract, and the consumers can read it."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.analytics.event import entry_of as analytics_entry
from aggregator.billing.cost import cost_of
from aggregator.billing.entry import Entry, Kind, Posting, settlement_of
from aggregator.billing.entry_item import from_item, to_event, to_item
from aggregator.billing.model import Account, Hold
from aggregator.billing.price import Price, Tier, Usage
from aggregator.billing.settle_batch import usage_end_of
from aggregator.billing.transaction import Order, entry_of
from aggregator.contracts.ai_usage import AiUsage
from aggregator.contracts.transaction_created import TransactionCreated
from aggregator.proxy.emit import event_of
from aggregator.proxy.model import Receipt
from aggregator.runtime.aws import JsonObject
from tests.contract.events.schemas import HERE, PUBLISHED, checked_in
from tests.fakes.chat_world import REQUEST_ID, route
from tests.fakes.ledger_world import MOMENT
from tests.fakes.usage_events import ai_usage

NOW = {name: jsonschema_rs.validator_for(checked_in(name)) for name in PUBLISHED}
FROZEN = {name: jsonschema_rs.validator_for(checked_in(name, HERE / "frozen")) for name in PUBLISHED}
OUTCOMES = ["completed", "client_gone", "provider_cut", "deadline", "provider_error", "cancelled"]
counts = st.integers(0, 10**9)
rates = st.integers(0, 10**12)
optional_rates = st.none() | rates
prices = st.builds(
    Price,
    version=st.sampled_from(["1", "2026-11-01", "7@110%"]),
    input=rates,
    output=rates,
    cached_input=optional_rates,
    cache_write=optional_rates,
    reasoning=optional_rates,
    image=rates,
    request=rates,
    tiers=st.lists(st.builds(Tier, counts, rates, rates, *[optional_rates] * 4), max_size=2).map(tuple),
    cache_write_hour=st.none(),
    tools=st.just(()),
    service_tiers=st.just(()),
)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    input_tokens, output_tokens = draw(counts), draw(counts)
    cached = draw(st.integers(0, input_tokens))
    usage = Usage(
        input_tokens,
        output_tokens,
        cached,
        draw(st.integers(0, input_tokens - cached)),
        draw(st.integers(0, output_tokens)),
        draw(st.integers(0, 100)),
        draw(st.booleans()),
    )
    price = draw(prices)
    return Receipt(
        request_id=REQUEST_ID,
        user_id=draw(st.sampled_from(["ann", "a.b-c_d@example.org", "x" * 128])),
        key_id="k1",
        occurred_at=MOMENT,
        route=route(price=price),
        hold=Hold(draw(st.integers(0, 10**15)), "1764003600", draw(st.integers(0, 10**15))),
        usage=usage,
        cost_nano_usd=cost_of(usage, price),
        outcome=draw(st.sampled_from(OUTCOMES)),
        status=draw(st.sampled_from([200, 201, 402, 502])),
        attempts=draw(st.integers(0, 8)),
        surface=draw(st.sampled_from(["chat", "responses", "messages", "embeddings"])),
        stream=draw(st.booleans()),
        latency_ms=draw(counts),
        first_token_ms=draw(st.none() | counts),
    )


def on_the_wire(event: JsonObject) -> JsonObject:
    received: JsonObject = json.loads(json.dumps(event))
    return received


@given(receipts())
def test_whatever_the_proxy_emits_keeps_the_contract_and_can_be_settled(receipt: Receipt) -> None:
    event = on_the_wire(event_of(receipt))

    end = usage_end_of(AiUsage.model_validate(event))

    NOW["ai_usage.v1"].validate(event)
    FROZEN["ai_usage.v1"].validate(event)
    assert (end.usage, end.price, end.cost_nano_usd) == (
        receipt.usage,
        receipt.route.price,
        receipt.cost_nano_usd,
    )
    assert (end.held_nano_usd, end.bucket) == (receipt.hold.amount_nano_usd, receipt.hold.bucket)


@given(receipts())
def test_whatever_is_settled_is_published_by_its_contract(receipt: Receipt) -> None:
    end = usage_end_of(AiUsage.model_validate(on_the_wire(event_of(receipt))))
    (entry,) = settlement_of([end]).entries

    event = on_the_wire(to_event(from_item(to_item(entry))))

    said = TransactionCreated.model_validate(event)
    NOW["transaction_created.v1"].validate(event)
    FROZEN["transaction_created.v1"].validate(event)
    assert said.usage is not None
    assert said.usage.request_id == said.entry_id == REQUEST_ID
    assert said.amount_nano_usd == -said.usage.charged_nano_usd
    assert sum(posting.amount_nano_usd for posting in said.postings) == 0


@pytest.mark.parametrize(
    "entry",
    [
        entry_of(Order("c1", "ann", "credit", 5, MOMENT)),
        entry_of(Order("d1", "ann", "debit", 5, MOMENT, description="manual")),
        entry_of(Order("f1", "ann", "refund", 5, MOMENT, refers_to="d1")),
        entry_of(Order("a1", "ann", "adjustment", -5, MOMENT, "goodwill", "d1")),
        Entry("z1", "ann", "adjustment", MOMENT, (Posting("user:ann", 0), Posting("adjustments", 0))),
    ],
    ids=lambda entry: entry.id,
)
def test_every_kind_of_entry_is_published_by_its_contract(entry: Entry) -> None:
    event = on_the_wire(to_event(from_item(to_item(entry))))

    said = TransactionCreated.model_validate(event)

    FROZEN["transaction_created.v1"].validate(event)
    assert (said.entry_id, said.kind, said.amount_nano_usd) == (entry.id, entry.kind, entry.amount_nano_usd)
    assert (said.description, said.refers_to, said.usage) == (entry.description, entry.refers_to, None)


@pytest.mark.parametrize(("kind", "amount", "said"), [("grant", 5, "given"), ("expiry", -5, "expired")])
def test_credit_that_ends_is_an_adjustment_to_who_knows_no_better(kind: Kind, amount: int, said: str) -> None:
    legs = (Posting("grant:g1", amount), Posting("promotion", -amount))
    entry = Entry("g1", "ann", kind, MOMENT, legs)

    event = on_the_wire(to_event(from_item(to_item(entry))))

    FROZEN["transaction_created.v1"].validate(event)
    assert (event["kind"], event["grant"], event["amountNanoUsd"]) == ("adjustment", said, amount)
    assert analytics_entry(event).kind == said


def test_late_usage_is_published_too() -> None:
    end = usage_end_of(AiUsage.model_validate(ai_usage(cost=40)))
    (entry,) = settlement_of([end], Account("ann", 30)).entries

    event = on_the_wire(to_event(entry))

    said = TransactionCreated.model_validate(event)
    assert said.usage is not None
    assert (said.usage.charged_nano_usd, said.amount_nano_usd) == (30, -30)


def test_an_event_of_before_a_field_was_added_is_still_read() -> None:
    old = ai_usage(cost=40)
    del old["timeToFirstTokenMs"]

    end = usage_end_of(AiUsage.model_validate(on_the_wire(old)))

    assert end.cost_nano_usd == 40
    assert "timeToFirstTokenMs" not in end.details


def test_the_longest_event_is_a_fraction_of_what_the_bus_takes_and_is_paid_for_as_one() -> None:
    name = "n" * 200
    names = dict.fromkeys(("requestId", "userId", "keyId", "occurredAt", "model", "provider"), name)
    tools = {f"{n:02}{name[2:]}": 10**9 for n in range(50)}
    event = ai_usage() | names
    event["usage"] |= {"tools": tools, "serviceTier": name}
    event["price"] |= {"version": name, "tools": tools}
    event["leftOut"] = [name] * 50

    AiUsage.model_validate(event)

    assert len(json.dumps(event)) < 64 * 1024 < 256 * 1024
