"""Reconciling finds what does not fit: money, prices, and events or entries that stand alone."""

from typing import Any

from aggregator.billing.entry_item import account_key
from aggregator.billing.model import UsageEnd, bucket_for
from aggregator.billing.price import Price, Usage
from aggregator.billing.reconcile import Finding, reconcile, table_of
from aggregator.billing.repricing import Prices
from aggregator.billing.settle import settle_account
from aggregator.billing.store import BillingStore
from aggregator.billing.transaction import Order, book
from tests.fakes.memory_dynamodb import MemoryDynamoDb

NOW = 1_763_900_000
ONE_A_TOKEN = Price(version="7", input=1_000_000, output=1_000_000)
KNOWN = Prices([("mini", "openai", ONE_A_TOKEN)])


def a_ledger() -> tuple[MemoryDynamoDb, BillingStore]:
    """A user with 100, of which the request r1 took 40."""
    dynamodb = MemoryDynamoDb()
    store = BillingStore(dynamodb, "billing")
    order = Order("c1", "ann", "credit", 100, "2026-11-23T12:00:00.000Z")
    book(store, order, now_epoch_seconds=NOW, sleep=lambda _: None)
    store.hold("ann", 50, bucket_for(NOW))
    end = UsageEnd(
        request_id="r1",
        user_id="ann",
        occurred_at="2026-11-23T12:00:01.000Z",
        held_nano_usd=50,
        bucket=bucket_for(NOW),
        usage=Usage(output_tokens=40),
        price=ONE_A_TOKEN,
        details={"model": "mini", "provider": "openai", **Usage(output_tokens=40).to_json()},
    )
    settle_account(store, [end], lambda _: None)
    return dynamodb, store


def found(store: BillingStore, **more: Any) -> Finding:
    (finding,) = reconcile(store, now_epoch_seconds=NOW, prices=KNOWN, **more)
    return finding


def test_a_ledger_that_adds_up_is_sound() -> None:
    _, store = a_ledger()

    finding = found(store)

    assert (finding.is_sound, finding.entries, finding.total_nano_usd) == (True, 2, 60)


def test_money_that_no_entry_explains_is_drift() -> None:
    dynamodb, store = a_ledger()
    dynamodb.items[account_key("ann"), "BALANCE"]["available"] = {"N": "61"}

    finding = found(store)

    assert (finding.is_sound, finding.drift_nano_usd) == (False, 1)
    assert "DRIFT" in table_of([finding])


def test_an_entry_that_is_not_its_usage_at_its_price_is_named() -> None:
    dynamodb, store = a_ledger()
    usage = dynamodb.items[account_key("ann"), "ENTRY#r1"]["usage"]["M"]
    usage["outputTokens"] = {"N": "41"}

    finding = found(store)

    assert (finding.is_sound, finding.mispriced) == (False, ("r1",))


def test_an_entry_at_a_version_that_nobody_knows_is_named() -> None:
    dynamodb, store = a_ledger()
    dynamodb.items[account_key("ann"), "ENTRY#r1"]["usage"]["M"]["priceVersion"] = {"S": "8"}

    assert found(store).mispriced == ("r1",)


def test_an_event_without_an_entry_is_named() -> None:
    _, store = a_ledger()

    finding = found(store, events=[{"userId": "ann", "requestId": each} for each in ("r1", "r2")])

    assert (finding.is_sound, finding.unbooked, finding.untold) == (False, ("r2",), ())


def test_an_entry_without_an_event_is_named_when_all_events_were_given() -> None:
    _, store = a_ledger()

    finding = found(store, events=[], whole=True)

    assert (finding.is_sound, finding.untold) == (False, ("r1",))


def test_a_hold_past_its_deadline_is_an_orphan_and_no_drift() -> None:
    _, store = a_ledger()
    store.hold("ann", 5, "300")

    finding = found(store)

    assert (finding.is_sound, finding.orphan_holds, finding.orphaned_nano_usd) == (True, 1, 5)
