"""The billing store on moto: every method, and what it writes."""

from dataclasses import replace

import pytest

from aggregator.billing.entry import Entry, settlement_of
from aggregator.billing.keys import account_key
from aggregator.billing.model import Account, Held, Hold, Posted
from aggregator.billing.store import BillingStore, Booked, Short, Stale
from aggregator.billing.transaction import Order, entry_of
from aggregator.runtime import item
from aggregator.runtime.boto_client import BotoClient
from tests.fakes.ledger_world import BUCKET, MOMENT, end

LATER = "1764003900"


def order(entry_id: str, amount: int, kind: str = "credit", **fields: str) -> Entry:
    return entry_of(Order(entry_id, "ann", kind, amount, MOMENT, **fields))  # type: ignore[arg-type]


@pytest.fixture
def funded(store: BillingStore) -> BillingStore:
    store.book(order("c1", 100))
    return store


def test_an_account_that_was_never_funded_is_empty(store: BillingStore) -> None:
    assert store.account("ann") == Account("ann")


def test_a_credit_opens_the_account(funded: BillingStore) -> None:
    assert funded.account("ann") == Account("ann", 100)


def test_a_hold_moves_money_aside_and_says_what_is_left(funded: BillingStore) -> None:
    left = [funded.hold("ann", 30, BUCKET), funded.hold("ann", 20, BUCKET), funded.hold("ann", 10, LATER)]

    assert left == [70, 50, 40]
    assert funded.account("ann") == Account("ann", 40, {BUCKET: Held(50, 2), LATER: Held(10, 1)})


def test_a_short_account_says_what_it_has_without_another_read(funded: BillingStore) -> None:
    funded.hold("ann", 30, BUCKET)

    with pytest.raises(Short) as short:
        funded.hold("ann", 71, LATER)

    assert short.value.account == Account("ann", 70, {BUCKET: Held(30, 1)})
    assert funded.account("ann") == short.value.account


def test_an_account_that_is_not_there_is_short_of_everything(store: BillingStore) -> None:
    with pytest.raises(Short) as short:
        store.hold("nobody", 1, BUCKET)

    assert short.value.account == Account("nobody")
    assert store.account("nobody") == Account("nobody")


def test_a_hold_may_ask_for_more_than_it_takes(funded: BillingStore) -> None:
    left = funded.hold("ann", 25, BUCKET, if_available=100)

    with pytest.raises(Short) as short:
        funded.hold("ann", 25, BUCKET, if_available=76)

    assert left == 75
    assert short.value.account == Account("ann", 75, {BUCKET: Held(25, 1)})
    assert funded.account("ann") == short.value.account


def test_no_hold_takes_more_than_is_there_whatever_it_asks_for(funded: BillingStore) -> None:
    with pytest.raises(Short):
        funded.hold("ann", 101, BUCKET, if_available=50)

    assert funded.account("ann") == Account("ann", 100)


def test_all_that_is_there_can_be_held(funded: BillingStore) -> None:
    assert funded.hold("ann", 100, BUCKET) == 0


def test_the_rest_of_a_hold_returns_and_its_request_stays(funded: BillingStore) -> None:
    funded.hold("ann", 30, BUCKET)
    funded.hold("ann", 10, BUCKET)

    funded.return_rest("ann", Hold(30, BUCKET, 70), 25)

    assert funded.account("ann") == Account("ann", 85, {BUCKET: Held(15, 2)})


def test_a_hold_of_which_nothing_stays_is_over(funded: BillingStore) -> None:
    funded.hold("ann", 30, BUCKET)
    funded.hold("ann", 10, BUCKET)

    funded.return_rest("ann", Hold(30, BUCKET, 70), 30)

    assert funded.account("ann") == Account("ann", 90, {BUCKET: Held(10, 1)})


@pytest.mark.parametrize("rest", [1, 30])
def test_nothing_returns_from_a_bucket_that_does_not_hold_all_of_it(funded: BillingStore, rest: int) -> None:
    funded.hold("ann", 29, BUCKET)

    for hold in (Hold(30, BUCKET, 70), Hold(30, LATER, 70)):
        with pytest.raises(Stale):
            funded.return_rest("ann", hold, rest)

    assert funded.account("ann") == Account("ann", 71, {BUCKET: Held(29, 1)})


def test_nothing_returns_where_no_request_is_left(funded: BillingStore) -> None:
    funded.hold("ann", 30, BUCKET)
    funded.return_rest("ann", Hold(30, BUCKET, 70), 10)
    funded.settle(settlement_of([end("r1", 5, held=5)]))

    with pytest.raises(Stale):
        funded.return_rest("ann", Hold(10, BUCKET, 70), 5)

    assert funded.account("ann") == Account("ann", 80, {BUCKET: Held(15, 0)})


def test_a_sweep_returns_buckets_as_they_were_seen(funded: BillingStore) -> None:
    funded.hold("ann", 30, BUCKET)
    funded.hold("ann", 10, LATER)

    done = funded.sweep("ann", {BUCKET: Held(30, 1)})

    assert done
    assert funded.account("ann") == Account("ann", 90, {LATER: Held(10, 1)}, swept=Held(30, 1))


@pytest.mark.parametrize("seen", [Held(29, 1), Held(30, 2)])
def test_a_sweep_of_what_has_changed_does_nothing(funded: BillingStore, seen: Held) -> None:
    funded.hold("ann", 30, BUCKET)

    done = funded.sweep("ann", {BUCKET: seen})

    assert not done
    assert funded.account("ann") == Account("ann", 70, {BUCKET: Held(30, 1)})


def test_a_sweep_names_no_more_than_an_expression_may_hold(funded: BillingStore) -> None:
    buckets = [str(1_764_000_000 + 300 * n) for n in range(40)]
    for n, bucket in enumerate(buckets):
        funded.hold("ann", 2 if n == 39 else 1, bucket)

    done = funded.sweep("ann", dict(funded.account("ann").holds))

    left = funded.account("ann")
    assert done
    assert len(left.holds) == 10
    assert "1764011700" not in left.holds
    assert left.total_nano_usd == 100


def test_settling_writes_entries_and_releases_holds(funded: BillingStore) -> None:
    funded.hold("ann", 30, BUCKET)
    funded.hold("ann", 30, BUCKET)
    ends = [end("r1", cost=10, held=30), end("r2", cost=35, held=30)]

    funded.settle(settlement_of(ends))

    assert funded.account("ann") == Account("ann", 60, {BUCKET: Held(0, 0)})
    entry = funded.entry("ann", "r2")
    assert entry is not None
    assert (entry.amount_nano_usd, entry.kind) == (-30, "usage")
    assert [(posting.account, posting.amount_nano_usd) for posting in entry.postings] == [
        ("user:ann", -30),
        ("revenue", 35),
        ("platform_loss", -5),
    ]


def test_a_plan_with_a_booked_entry_is_stale_and_changes_nothing(funded: BillingStore) -> None:
    funded.hold("ann", 60, BUCKET)
    funded.settle(settlement_of([end("r1", cost=10, held=30)]))

    with pytest.raises(Stale):
        funded.settle(settlement_of([end("r1", cost=10, held=15), end("r2", cost=10, held=15)]))

    assert funded.account("ann").available_nano_usd == 60
    assert funded.entry("ann", "r2") is None


@pytest.mark.parametrize(("held", "bucket"), [(31, BUCKET), (30, LATER)])
def test_a_plan_for_money_that_is_not_held_is_stale(funded: BillingStore, held: int, bucket: str) -> None:
    funded.hold("ann", 30, BUCKET)

    with pytest.raises(Stale):
        funded.settle(settlement_of([end("r1", cost=10, held=held, bucket=bucket)]))

    assert funded.account("ann") == Account("ann", 70, {BUCKET: Held(30, 1)})


def test_late_usage_is_debited_only_while_the_money_is_there(funded: BillingStore) -> None:
    seen = funded.account("ann")
    plan = settlement_of([end("r1", cost=80)], seen)
    funded.hold("ann", 30, BUCKET)

    with pytest.raises(Stale):
        funded.settle(plan)
    funded.settle(settlement_of([end("r1", cost=80)], funded.account("ann")))

    assert funded.account("ann") == Account("ann", 0, {BUCKET: Held(30, 1)})


def test_late_usage_of_an_unknown_user_opens_an_empty_account(store: BillingStore) -> None:
    store.settle(settlement_of([end("r1", cost=80)], store.account("ann")))

    assert store.account("ann") == Account("ann", 0)


def test_booked_entries_are_those_that_are_there(funded: BillingStore) -> None:
    funded.book(order("c2", 1))

    assert funded.booked_entries("ann", ["c1", "c2", "c3"]) == {"c1", "c2"}
    assert funded.booked_entries("bob", ["c1"]) == set()


def test_an_entry_reads_back_as_it_was_written(store: BillingStore) -> None:
    entry = order("d1", 5, "adjustment", description="goodwill", refers_to="r1")

    store.book(entry)

    assert store.entry("ann", "d1") == entry
    assert store.entry("ann", "d2") is None
    assert store.entry("bob", "d1") is None


def test_an_entry_with_its_usage_fits_one_write_unit(store: BillingStore, dynamodb: BotoClient) -> None:
    details = {
        "keyId": "1vQ8Zk7pQ2xA", "model": "claude-sonnet-4-5-20250929", "provider": "bedrock-mantle",
        "surface": "responses", "stream": True, "status": 200, "outcome": "completed", "attempts": 2,
        "latencyMs": 123_456, "timeToFirstTokenMs": 2_345, "inputTokens": 123_456, "cachedInputTokens": 100_000,
        "cacheWriteTokens": 10_000, "outputTokens": 12_345, "reasoningTokens": 10_000, "images": 3,
        "estimated": False, "holdNanoUsd": 999_999_999_999, "balanceNanoUsd": 999_999_999_999,
        "strategy": "cheapest", "maxTokens": 64_000, "capped": "balance",
    }  # fmt: skip
    request_id = "019ab0ad6c00-c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    store.settle(settlement_of([replace(end(request_id, cost=80), details=details)], Account("ann")))

    key = item.item({"pk": account_key("ann"), "sk": f"ENTRY#{request_id}"})
    stored = dynamodb.call("GetItem", {"TableName": "BillingTable", "Key": key})["Item"]
    assert _size(stored) < 1024


def test_a_wallet_that_is_short_takes_no_debit(funded: BillingStore) -> None:
    with pytest.raises(Stale):
        funded.book(order("d1", 101, "debit"))

    assert funded.account("ann") == Account("ann", 100)
    assert funded.entry("ann", "d1") is None


def test_an_entry_is_written_once(funded: BillingStore) -> None:
    with pytest.raises(Stale):
        funded.book(order("c1", 5))

    assert funded.account("ann") == Account("ann", 100)


def test_an_account_counts_its_ledger_by_the_day_on_which_it_is_written(dynamodb: BotoClient) -> None:
    moment = {"now": 1_764_028_799.9}  # 2025-11-24T23:59:59.9Z
    store = BillingStore(dynamodb, "BillingTable", clock=lambda: moment["now"])
    store.book(order("c1", 100))
    store.hold("ann", 50, BUCKET)
    store.hold("ann", 50, BUCKET)
    moment["now"] += 0.2

    store.settle(settlement_of([end("r1", 30, 50), end("r2", 5, 50)], None))
    store.book(order("d1", 7, "debit"))

    account = store.account("ann")
    assert account.days == {"2025-11-24": Posted(100, 1), "2025-11-25": Posted(-42, 3)}
    assert (account.total_nano_usd, account.closed_on, account.closed_nano_usd) == (58, None, 0)
    assert [getattr(store.entry("ann", each), "written_on", None) for each in ("c1", "r1", "r2", "d1")] == [
        "2025-11-24",
        "2025-11-25",
        "2025-11-25",
        "2025-11-25",
    ]


def test_what_is_refused_is_not_counted(funded: BillingStore) -> None:
    before = funded.account("ann").days

    with pytest.raises(Stale):
        funded.book(order("d1", 101, "debit"))
    with pytest.raises(Stale):
        funded.book(order("c1", 100))

    assert funded.account("ann").days == before
    assert list(before.values()) == [Posted(100, 1)]


def test_an_idempotency_key_is_kept_for_a_day(store: BillingStore) -> None:
    store.book(order("c1", 1), idempotency=("key", "hash"), now_epoch_seconds=1_000)

    with pytest.raises(Stale):
        store.book(order("c2", 1), idempotency=("key", "hash"), now_epoch_seconds=1_000 + 86_400)
    kept = store.booked_for("ann", "key", 1_000 + 86_400)
    store.book(order("c3", 1), idempotency=("key", "other"), now_epoch_seconds=1_001 + 86_400)

    assert kept == Booked("c1", "hash")
    assert store.booked_for("ann", "key", 1_001 + 86_400) == Booked("c3", "other")
    assert store.booked_for("ann", "another", 0) is None
    assert store.booked_for("bob", "key", 0) is None
    assert store.account("ann") == Account("ann", 2)


def test_a_forgotten_key_is_forgotten_also_while_the_table_still_has_it(store: BillingStore) -> None:
    store.book(order("c1", 1), idempotency=("key", "hash"), now_epoch_seconds=1_000)

    assert store.booked_for("ann", "key", 1_001 + 86_400) is None


def test_an_idempotency_key_expires_by_the_tables_own_attribute(
    store: BillingStore, dynamodb: BotoClient
) -> None:
    store.book(order("c1", 1), idempotency=("key", "hash"), now_epoch_seconds=1_000)

    live = dynamodb.call("DescribeTimeToLive", {"TableName": "BillingTable"})["TimeToLiveDescription"]
    key = item.item({"pk": account_key("ann"), "sk": "IDEMPOTENCY#key"})
    stored = dynamodb.call("GetItem", {"TableName": "BillingTable", "Key": key})["Item"]
    assert stored[live["AttributeName"]] == {"N": str(1_000 + 86_400)}


def test_refunds_of_one_entry_stay_within_what_it_took(funded: BillingStore) -> None:
    funded.book(order("d1", 50, "debit"))
    funded.book(order("f1", 30, "refund", refers_to="d1"), refundable_nano_usd=50)

    with pytest.raises(Stale):
        funded.book(order("f2", 21, "refund", refers_to="d1"), refundable_nano_usd=50)
    funded.book(order("f3", 20, "refund", refers_to="d1"), refundable_nano_usd=50)

    assert funded.account("ann") == Account("ann", 100)


def _size(stored: object) -> int:
    """Bytes of an item as DynamoDB counts them, at the most: names, text, and 21 for a number."""
    match stored:
        case {"S": str() as text}:
            return len(text.encode())
        case {"N": str()}:
            return 21
        case {"BOOL": bool()}:
            return 1
        case {"M": dict() as within}:
            return 3 + _size(within) + len(within)
        case dict():
            return sum(len(name.encode()) + _size(value) for name, value in stored.items())
    raise AssertionError(f"{stored!r} is not measured")
