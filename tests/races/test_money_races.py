"""Money under real concurrency: what is paid for is served, nothing more, nothing twice, nothing lost."""

import random
from collections import Counter

import pytest

from aggregator.billing.books_store import BooksStore
from aggregator.billing.entry import UsageEnd
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Hold
from aggregator.billing.price import Price, Usage
from aggregator.billing.reconcile import Reading
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import settle_account
from aggregator.billing.transaction import Order, book
from aggregator.errors import InsufficientQuota
from local.reconcile import reconcile
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine

THREADS = 64
USER = "u"
NOW = 1_763_900_000
AMOUNT = 1_000
ONE_NANO_A_TOKEN = Price(version="1", input=1_000_000, output=1_000_000)


def credit(store: GrantStore, amount: int, *, key: str | None = None, entry_id: str = "00-credit") -> None:
    order = Order(entry_id, USER, "credit", amount, "2026-11-23T06:00:00.000Z", idempotency_key=key)
    book(store, order, now_epoch_seconds=NOW, sleep=lambda _: None)


def end_of(request: int, hold: Hold, cost: int, user_id: str = USER) -> UsageEnd:
    return UsageEnd(
        request_id=f"r{request:05d}",
        user_id=user_id,
        occurred_at="2026-11-23T06:00:00.000Z",
        held_nano_usd=hold.amount_nano_usd,
        bucket=hold.bucket,
        usage=Usage(output_tokens=cost),
        price=ONE_NANO_A_TOKEN,
        details={},
    )


def drift(engine: Engine) -> int:
    books = BooksStore(engine.aws(), engines.TABLE)
    findings = [finding for finding, _ in reconcile(books, Reading(NOW))]
    assert [finding.misfits for finding in findings] == [()] * len(findings)
    return sum(abs(finding.drift_nano_usd) for finding in findings)


@pytest.mark.promise("overspend")
def test_a_balance_for_500_requests_serves_exactly_500_of_2000_tries(engine: Engine) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]
    credit(stores[0], 500 * AMOUNT)
    holds: dict[int, Hold] = {}

    def try_one(thread: int, request: int) -> None:
        try:
            holds[request] = reserve(
                stores[thread],
                USER,
                at_most_nano_usd=AMOUNT,
                at_least_nano_usd=AMOUNT,
                now_epoch_seconds=NOW,
            )
        except InsufficientQuota:
            return

    crowd(THREADS, range(2_000), try_one)

    account = stores[0].account(USER)
    assert len(holds) == 500
    assert account.available_nano_usd == 0
    assert account.total_nano_usd == 500 * AMOUNT

    ends = [end_of(request, hold, AMOUNT) for request, hold in holds.items()]
    settle_account(stores[0], ends, sleep=lambda _: None)

    assert stores[0].account(USER).total_nano_usd == 0
    assert drift(engine) == 0


@pytest.mark.promise("books")
def test_reserving_and_settling_at_once_neither_loses_nor_invents_money(engine: Engine) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(16)]
    credit(stores[0], 300 * AMOUNT)
    served: Counter[str] = Counter()
    charged: list[int] = []
    rng = random.Random(1)
    costs = [rng.randrange(0, 2 * AMOUNT) for _ in range(600)]

    def serve(thread: int, request: int) -> None:
        try:
            hold = reserve(
                stores[thread],
                USER,
                at_most_nano_usd=AMOUNT,
                at_least_nano_usd=AMOUNT,
                now_epoch_seconds=NOW,
            )
        except InsufficientQuota:
            served["refused"] += 1
            return
        served["served"] += 1
        end = end_of(request, hold, costs[request])
        for _ in range(2):  # every event arrives twice
            settle_account(stores[thread], [end], sleep=lambda _: None)
        charged.append(min(costs[request], AMOUNT))

    crowd(16, range(600), serve)

    account = stores[0].account(USER)
    assert served["served"] >= 300
    assert sum(held.amount_nano_usd for held in account.holds.values()) == 0
    assert account.available_nano_usd == 300 * AMOUNT - sum(charged)
    assert drift(engine) == 0


@pytest.mark.promise("once")
def test_one_idempotency_key_at_once_books_one_entry(engine: Engine) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(32)]

    crowd(
        32, range(64), lambda thread, n: credit(stores[thread], AMOUNT, key="k", entry_id=f"{n:02d}-credit")
    )

    assert stores[0].account(USER).available_nano_usd == AMOUNT
    assert drift(engine) == 0


@pytest.mark.promise("returned")
def test_lapsed_holds_are_swept_once_by_all_who_are_short(engine: Engine) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(16)]
    credit(stores[0], 100 * AMOUNT)
    reserve(stores[0], USER, at_most_nano_usd=100 * AMOUNT, at_least_nano_usd=AMOUNT, now_epoch_seconds=NOW)
    later = NOW + 2 * 3600
    served: list[int] = []

    def try_one(thread: int, request: int) -> None:
        try:
            reserve(
                stores[thread],
                USER,
                at_most_nano_usd=AMOUNT,
                at_least_nano_usd=AMOUNT,
                now_epoch_seconds=later,
            )
        except InsufficientQuota:
            return
        served.append(request)

    crowd(16, range(300), try_one)

    assert len(served) == 100
    assert stores[0].account(USER).available_nano_usd == 0
    assert drift(engine) == 0
