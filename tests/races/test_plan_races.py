"""Plans that change while many requests reserve: each pays by one version, and none by an old one afterwards."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Hold
from aggregator.billing.plans.model import Plan, Terms
from aggregator.billing.plans.set_plan import put_on, set_plan
from aggregator.billing.plans.store import PlanStore
from aggregator.billing.reserve import OtherPlan, reserve
from aggregator.billing.settle import settle_account
from aggregator.errors import Conflict
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine
from tests.races.test_money_races import AMOUNT, NOW, USER, credit, drift, end_of

THREADS = 16
TRIES = 160
CHANGES = range(20, TRIES, 40)
ADMIN = Caller("admin", "admin", scopes=("admin",))


def write(plans: PlanStore, percent: int) -> Plan:
    """Write the plan, or its next version, at this price."""
    return set_plan(
        "pro",
        Terms("Pro", percent),
        None,
        by=ADMIN,
        now=datetime.now(UTC),
        plans=plans,
        require_models=lambda _: None,
        has_time=lambda: True,
    )


@pytest.mark.promise("exact")
def test_each_request_pays_by_one_version_and_none_by_an_old_one(engine: Engine) -> None:
    aws = [engine.aws() for _ in range(THREADS)]
    stores = [GrantStore(each, engines.TABLE) for each in aws]
    plans = [PlanStore(each, engines.TABLE) for each in aws]
    credit(stores[0], 20 * TRIES * AMOUNT)
    write(plans[0], 100)
    put_on(USER, "pro", 1, plans=plans[0])
    known: list[Plan | None] = [None] * THREADS
    changed: list[tuple[float, str | None]] = []
    holds: dict[int, tuple[float, str | None, Hold]] = {}

    def ask(thread: int, request: int) -> None:
        began = time.monotonic()
        while True:
            plan = known[thread]
            percent = 100 if plan is None else plan.latest.terms.price_percent
            stamp = None if plan is None else plan.stamp
            amount = AMOUNT * percent // 100
            try:
                hold = reserve(
                    stores[thread],
                    USER,
                    at_most_nano_usd=amount,
                    at_least_nano_usd=amount,
                    now_epoch_seconds=NOW,
                    plan=stamp,
                )
            except OtherPlan as other:
                found = other.account.plan
                known[thread] = None if found is None else plans[thread].of_stamp(found)
            else:
                holds[request] = began, stamp, hold
                return

    def step(thread: int, request: int) -> None:
        if request not in CHANGES:
            ask(thread, request)
            return
        stamp: str | None = write(plans[thread], 100 + request).stamp
        if request == CHANGES[-1]:
            put_on(USER, None, 2, plans=plans[thread])
            stamp = None
        changed.append((time.monotonic(), stamp))

    crowd(THREADS, range(TRIES), step)
    ask(0, TRIES)

    versions = {plans[0].of_stamp(f"pro#{n:06d}").stamp: 0 for n in range(1, len(CHANGES) + 2)}
    percents = {stamp: plans[0].of_stamp(stamp).latest.terms.price_percent for stamp in versions}
    assert len(holds) == TRIES - len(CHANGES) + 1
    for _, stamp, hold in holds.values():
        assert hold.amount_nano_usd == (AMOUNT if stamp is None else AMOUNT * percents[stamp] // 100)
    for answered, newest in changed:
        later = {stamp for began, stamp, _ in holds.values() if began > answered}
        assert all(stamp is None or (newest is not None and stamp >= newest) for stamp in later), newest
    assert holds[TRIES][1] is None
    assert len({stamp for _, stamp, _ in holds.values()}) > 2
    ends = [end_of(request, hold, hold.amount_nano_usd) for request, (_, _, hold) in holds.items()]
    settle_account(stores[0], ends, sleep=lambda _: None)
    assert stores[0].account(USER).total_nano_usd == 20 * TRIES * AMOUNT - sum(
        hold.amount_nano_usd for _, _, hold in holds.values()
    )
    assert drift(engine) == 0


@pytest.mark.promise("exact")
def test_who_is_put_on_a_plan_that_changes_at_that_moment_has_its_newest_version(engine: Engine) -> None:
    plans = [PlanStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]
    write(plans[0], 100)

    def step(thread: int, n: int) -> None:
        if n % 5 == 4:
            with suppress(Conflict):  # two wrote the same version at once: one is told so
                write(plans[thread], 101 + n)
        else:
            put_on(f"user-{n}", "pro", 1, plans=plans[thread])

    crowd(THREADS, range(30), step)

    newest = plans[0].latest("pro")
    assert newest is not None
    store = GrantStore(engine.aws(), engines.TABLE)
    stamps = {store.account(f"user-{n}").plan for n in range(30) if n % 5 != 4}
    assert stamps == {newest.stamp}
