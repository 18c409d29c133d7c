"""Credit that ends, under real concurrency: spent once, expired once, given once, and never while it is held."""

from collections import Counter
from datetime import UTC, datetime
from time import sleep
from typing import Any

import pytest

from aggregator.billing.codes.model import Code, id_of
from aggregator.billing.codes.redeem import Redemption, redeem
from aggregator.billing.codes.store import CodeStore
from aggregator.billing.entry import UsageEnd
from aggregator.billing.expire import expire
from aggregator.billing.give import GrantOrder, give
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.price import Usage
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import settle_account
from aggregator.billing.transaction import Order, book
from aggregator.errors import Conflict, InsufficientQuota, NotFound, StoreUnavailable
from aggregator.runtime.aws import AwsError
from aggregator.runtime.clock import iso
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine
from tests.races.test_money_races import NOW, ONE_NANO_A_TOKEN, USER, drift

CAME = iso(datetime.fromtimestamp(NOW, UTC))
END = iso(datetime.fromtimestamp(NOW + 1, UTC))
LATER = iso(datetime.fromtimestamp(NOW + 86_400, UTC))
ENDED = NOW + 61
"""When the grant that ends at END may expire."""
THREADS = 16


def stores_of(engine: Engine) -> list[GrantStore]:
    return [GrantStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]


def granted(store: GrantStore, amount: int, ends_at: str, grant_id: str, **how: Any) -> bool:
    order = GrantOrder(grant_id, USER, amount, ends_at, CAME, **how)
    return give(store, order, now_epoch_seconds=NOW, sleep=sleep).is_new


def credited(store: GrantStore, amount: int) -> None:
    order = Order("00-credit", USER, "credit", amount, CAME)
    book(store, order, now_epoch_seconds=NOW, sleep=sleep)


def ended(store: GrantStore, request: int, cost: int, amount: int = 100) -> UsageEnd:
    hold = reserve(store, USER, at_most_nano_usd=amount, at_least_nano_usd=amount, now_epoch_seconds=NOW)
    usage = Usage(output_tokens=cost)
    return UsageEnd(
        f"r{request:05d}", USER, CAME, hold.amount_nano_usd, hold.bucket, usage, ONE_NANO_A_TOKEN, {}
    )


def settle_patiently(store: GrantStore, end: UsageEnd) -> None:
    """As the queue does: an account that keeps changing comes again."""
    while True:
        try:
            settle_account(store, [end], sleep)
        except AwsError:
            continue
        return


def paid(store: GrantStore) -> Counter[str]:
    """What each account of the wallet has by its postings."""
    sums: Counter[str] = Counter()
    entries, _ = store.entries(USER, "", "~", limit=1_000)
    for entry in entries:
        for leg in entry.postings:
            sums[leg.account] += leg.amount_nano_usd
    return sums


@pytest.mark.promise("once")
def test_requests_that_settle_at_once_spend_each_grant_once_and_the_first_to_end_first(
    engine: Engine,
) -> None:
    stores = stores_of(engine)
    credited(stores[0], 4_000)
    granted(stores[0], 500, END, "01-first")
    granted(stores[0], 700, LATER, "02-second")
    ends = [ended(stores[0], n, cost=50) for n in range(28)]

    def settle_twice(thread: int, n: int) -> None:
        settle_patiently(stores[thread], ends[n])
        settle_patiently(stores[thread], ends[n])

    crowd(THREADS, range(28), settle_twice)

    account = stores[0].account(USER)
    assert (account.total_nano_usd, account.granted_nano_usd) == (3_800, 0)
    sums = paid(stores[0])
    assert (sums["grant:01-first"], sums["grant:02-second"]) == (0, 0)
    assert (sums[f"user:{USER}"], sums["revenue"]) == (3_800, 1_400)
    assert drift(engine) == 0


@pytest.mark.promise("books")
def test_expiry_against_holds_and_settling_takes_nothing_that_is_held(engine: Engine) -> None:
    stores = stores_of(engine)
    granted(stores[0], 2_000, END, "01-grant")
    served: list[int] = []

    def work(thread: int, n: int) -> None:
        if thread % 4 == 0:
            try:
                expire(stores[thread], USER, ENDED, sleep)
            except AwsError:
                return
            return
        try:
            end = ended(stores[thread], n, cost=30)
        except InsufficientQuota:
            return
        settle_patiently(stores[thread], end)
        served.append(30)

    crowd(THREADS, range(48), work)
    expire(stores[0], USER, ENDED, sleep)

    account = stores[0].account(USER)
    assert (account.total_nano_usd, account.granted_nano_usd) == (0, 0)
    sums = paid(stores[0])
    assert sums["grant:01-grant"] == 0
    assert sums["revenue"] == sum(served)
    assert sums["revenue"] + sums["promotion"] + sums["platform_loss"] == 0
    assert drift(engine) == 0


@pytest.mark.promise("overspend")
def test_debits_and_charges_at_once_take_no_more_paid_credit_than_there_is(engine: Engine) -> None:
    stores = stores_of(engine)
    credited(stores[0], 1_000)
    granted(stores[0], 300, LATER, "01-grant")
    ends = [ended(stores[0], n, cost=100) for n in range(8)]
    debits: list[int] = []

    def work(thread: int, n: int) -> None:
        if n % 2:
            settle_patiently(stores[thread], ends[n // 2])
            return
        order = Order(f"d{n:03d}", USER, "debit", 70, CAME)
        try:
            book(stores[thread], order, now_epoch_seconds=NOW, sleep=sleep)
        except (InsufficientQuota, Conflict, StoreUnavailable):
            return
        debits.append(70)

    crowd(THREADS, range(16), work)

    account = stores[0].account(USER)
    assert account.paid_nano_usd >= 0
    assert account.total_nano_usd == 1_300 - 800 - sum(debits)
    assert drift(engine) == 0


@pytest.mark.promise("once")
def test_a_grant_under_one_key_is_given_once_by_all_who_give_it_at_once(engine: Engine) -> None:
    stores = stores_of(engine)
    new: list[bool] = []

    def work(thread: int, n: int) -> None:
        new.append(granted(stores[thread], 100, LATER, f"{n:02d}-grant", key="plan-2025-11"))

    crowd(THREADS, range(32), work)

    assert (sum(new), stores[0].account(USER).total_nano_usd) == (1, 100)


@pytest.mark.promise("once")
def test_a_code_for_five_is_redeemed_by_five_of_sixteen_users_and_by_each_once(engine: Engine) -> None:
    stores = stores_of(engine)
    codes = [CodeStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]
    assert codes[0].create(Code(id_of("SPRING-2036"), 100, 30, LATER, 5, CAME))
    given: Counter[str] = Counter()

    def work(thread: int, n: int) -> None:
        user_id = f"u{n % 16}"
        asked = Redemption(f"{n:02d}-grant", user_id, "spring2036")
        try:
            redeem(codes[thread], stores[thread], asked, datetime.fromtimestamp(NOW, UTC), sleep)
        except (NotFound, Conflict):
            return
        given[user_id] += 1

    crowd(THREADS, [n for n in range(16) for _ in range(2)], work)

    code = codes[0].code(id_of("SPRING-2036"))
    assert code is not None
    assert (code.redeemed, sum(given.values()), max(given.values())) == (5, 5, 1)
    assert sum(stores[0].account(f"u{n}").total_nano_usd for n in range(16)) == 500
    assert drift(engine) == 0
