"""Money is held only by what the wallet says: on the plan that the amount was reckoned on, or on none."""

import pytest

from aggregator.billing.model import Hold
from aggregator.billing.plans.store import PlanStore
from aggregator.billing.price import Price
from aggregator.billing.repricing import Prices
from aggregator.billing.reserve import OtherPlan, reserve
from aggregator.errors import InsufficientQuota, UserSuspended
from tests.fakes.ledger_world import NOW, LedgerWorld

STAMPS = (None, "pro#000001", "pro#000002")


def on(stamp: str | None, amount: int = 240) -> LedgerWorld:
    world = LedgerWorld()
    world.credit(amount)
    PlanStore(world.aws, "billing").put_on("ann", stamp, 1)
    world.aws.inner.calls.clear()
    return world


def held(world: LedgerWorld, stamp: str | None, amount: int = 10) -> Hold:
    return reserve(
        world.store,
        "ann",
        at_most_nano_usd=amount,
        at_least_nano_usd=amount,
        now_epoch_seconds=NOW,
        plan=stamp,
    )


@pytest.mark.parametrize("says", STAMPS)
@pytest.mark.parametrize("reckoned", STAMPS)
def test_one_write_holds_by_the_plan_of_the_wallet_or_tells_which_it_is(
    says: str | None, reckoned: str | None
) -> None:
    world = on(says)

    if says == reckoned:
        assert held(world, reckoned).amount_nano_usd == 10
    else:
        with pytest.raises(OtherPlan) as raised:
            held(world, reckoned)
        assert raised.value.account.plan == says

    assert world.aws.inner.calls == ["UpdateItem"]
    assert world.held() == (10 if says == reckoned else 0)


def test_a_tight_account_is_looked_at_closer_once_its_plan_is_known() -> None:
    world = on("pro#000001", 20)

    with pytest.raises(OtherPlan):
        held(world, None)
    assert held(world, "pro#000001").amount_nano_usd == 10
    assert world.available() == 10


def test_who_is_short_on_the_right_plan_is_short() -> None:
    world = on("pro#000001", 20)

    with pytest.raises(InsufficientQuota):
        held(world, "pro#000001", 30)


def test_who_is_suspended_is_told_that_first() -> None:
    world = on("pro#000001")
    world.store.suspend("ann", 2)

    with pytest.raises(UserSuspended):
        held(world, None)


def test_a_charge_on_a_plan_is_recomputed_at_its_price() -> None:
    prices = Prices([("mini", "openai", Price("7", 151, 600))])

    assert prices.of("mini", "openai", "7@110%@120%@pro#3") == Price("7@110%@120%@pro#3", 201, 792)
    assert prices.of("mini", "openai", "7@pro#3") == Price("7@pro#3", 151, 600)
    assert prices.of("mini", "openai", "8@pro#3") is None
