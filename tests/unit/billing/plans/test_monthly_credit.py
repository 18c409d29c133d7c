"""A plan's credit: one grant a wallet and month, to the month's end, however often and by whomever it is asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.billing import give as giving
from aggregator.billing.give import Gift, GrantOrder
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.plans import credit
from aggregator.billing.plans.model import Terms, first_of
from aggregator.billing.plans.set_plan import put_on
from aggregator.billing.plans.store import PlanStore
from aggregator.errors import Conflict
from aggregator.runtime.clock import iso
from tests.fakes.memory_dynamodb import MemoryDynamoDb

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LAST = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


class Desk:
    """Plans, wallets on them and their grants, in memory."""

    def __init__(self) -> None:
        self.table = MemoryDynamoDb()
        self.plans = PlanStore(self.table, "t")
        self.ledger = GrantStore(self.table, "t", NOW.timestamp)
        self.refuses: set[str] = set()

    def plan(self, plan_id: str, credit: int) -> None:
        before = self.plans.latest(plan_id)
        terms = Terms(plan_id, monthly_credit_nano_usd=credit)
        who = {"now": iso(NOW), "by_key_id": "k", "by_user_id": "u"}
        self.plans.write(
            first_of(plan_id, terms, **who) if before is None else before.followed_by(terms, None, **who)
        )

    def put(self, wallet_id: str, plan_id: str | None, version: int = 1) -> None:
        put_on(wallet_id, plan_id, version, plans=self.plans)

    def give(self, order: GrantOrder) -> Gift:
        if order.user_id in self.refuses:
            raise Conflict("This account has 25 grants that are not used up; it gets no more of them.")
        return giving.give(self.ledger, order, now_epoch_seconds=0, sleep=lambda _: None)

    def run(self, now: datetime = NOW, **how: Any) -> tuple[int, int]:
        said = credit.give_due(
            self.plans,
            now,
            give=self.give,
            plan_of=lambda wallet_id: self.ledger.account(wallet_id).plan,
            has_time=how.get("has_time", lambda: True),
        )
        return said.given, said.failed

    def given(self, wallet_id: str) -> list[tuple[int, str]]:
        return [(each.amount_nano_usd, each.ends_at) for each in self.ledger.all_given(wallet_id)]


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.plan("pro", 20)
    made.plan("mini", 5)
    made.plan("bare", 0)
    return made


NOVEMBER_ENDS, DECEMBER_ENDS = "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"


def test_whoever_is_on_a_plan_with_a_credit_gets_it_once_to_the_months_end(desk: Desk) -> None:
    desk.put("ann", "pro")
    desk.put("bob", "bare")

    assert [desk.run(), desk.run(LAST)] == [(1, 0), (0, 0)]

    assert (desk.given("ann"), desk.given("bob")) == ([(20, NOVEMBER_ENDS)], [])
    account = desk.ledger.account("ann")
    assert (account.available_nano_usd, account.granted_nano_usd) == (20, 20)


def test_each_month_gives_its_own_from_its_first_moment_on(desk: Desk) -> None:
    desk.put("ann", "pro")

    assert [desk.run(LAST), desk.run(DECEMBER), desk.run(DECEMBER + timedelta(days=30))] == [
        (1, 0),
        (1, 0),
        (0, 0),
    ]

    assert sorted(desk.given("ann")) == [(20, NOVEMBER_ENDS), (20, DECEMBER_ENDS)]


def test_a_plan_that_is_taken_away_and_given_again_gives_no_second_credit(desk: Desk) -> None:
    for version, plan in enumerate(("pro", None, "pro", "mini", "pro"), 1):
        desk.put("ann", plan, version)
        desk.run()

    assert desk.given("ann") == [(20, NOVEMBER_ENDS)]


def test_whoever_has_left_is_given_nothing(desk: Desk) -> None:
    desk.put("ann", "pro", 1)
    desk.put("ann", "bare", 2)
    desk.plans.note("pro", "ann", 3)

    assert desk.run() == (0, 0)
    assert desk.given("ann") == []


def test_a_credit_that_a_new_version_brings_is_given_in_the_same_month(desk: Desk) -> None:
    desk.put("ann", "bare")
    assert desk.run() == (0, 0)

    desk.plan("bare", 7)

    assert desk.run() == (1, 0)
    assert desk.given("ann") == [(7, NOVEMBER_ENDS)]


def test_whoever_is_put_on_a_plan_has_its_credit_at_once_and_the_run_gives_no_other(desk: Desk) -> None:
    desk.put("ann", "pro")
    plan = desk.plans.latest("pro")
    assert plan is not None

    for _ in range(2):
        credit.give_now(plan.in_force(iso(NOW)), "ann", NOW, give=desk.give)
    desk.run()

    assert desk.given("ann") == [(20, NOVEMBER_ENDS)]


def test_one_that_cannot_be_given_it_now_holds_up_no_other_and_gets_it_later(desk: Desk) -> None:
    for name in ("ann", "bob", "cid"):
        desk.put(name, "pro")
    desk.refuses = {"bob"}

    assert desk.run() == (2, 1)
    desk.refuses = set()
    assert desk.run() == (1, 0)

    assert [len(desk.given(name)) for name in ("ann", "bob", "cid")] == [1, 1, 1]


def test_what_there_is_no_time_for_is_done_by_the_next_run(desk: Desk) -> None:
    for name in ("ann", "bob"):
        desk.put(name, "pro")
    times = iter([True, False])

    assert desk.run(has_time=lambda: next(times)) == (1, 0)
    assert desk.run() == (1, 0)
