"""A plan's monthly credit under races: whoever asks for it, and however often, it is booked once."""

from datetime import UTC, datetime

import pytest

from aggregator.billing import give as giving
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.plans import credit
from aggregator.billing.plans.model import Terms, first_of
from aggregator.billing.plans.set_plan import put_on
from aggregator.billing.plans.store import PlanStore
from aggregator.runtime.clock import iso
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine
from tests.races.test_money_races import USER, drift

THREADS = 8
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.promise("once")
def test_eight_at_once_book_a_months_credit_once(engine: Engine) -> None:
    aws = [engine.aws() for _ in range(THREADS)]
    stores = [GrantStore(each, engines.TABLE, NOW.timestamp) for each in aws]
    plans = [PlanStore(each, engines.TABLE) for each in aws]
    terms = Terms("Pro", monthly_credit_nano_usd=20)
    plan = first_of("pro", terms, now=iso(NOW), by_key_id="k", by_user_id="u")
    plans[0].write(plan)
    put_on(USER, "pro", 1, plans=plans[0])

    def ask(thread: int, n: int) -> None:
        def give(order: giving.GrantOrder) -> giving.Gift:
            return giving.give(
                stores[thread], order, now_epoch_seconds=int(NOW.timestamp()), sleep=lambda _: None
            )

        if n % 2:
            credit.give_now(plan.latest, USER, NOW, give=give)
        else:
            stamp = stores[thread].account(USER).plan
            credit.give_due(plans[thread], NOW, give=give, plan_of=lambda _: stamp, has_time=lambda: True)

    crowd(THREADS, range(3 * THREADS), ask)

    assert [each.amount_nano_usd for each in stores[0].all_given(USER)] == [20]
    assert stores[0].account(USER).total_nano_usd == 20
    assert drift(engine) == 0
