"""A caller on a plan: as if its key had the plan's limits, models and prices itself. Pure; standard library only.

Loaded where a wallet has a plan, and nowhere else.
"""

from typing import NamedTuple

from aggregator.auth.caller import Caller, Over
from aggregator.billing.plans.model import Plan, stricter
from aggregator.billing.price import Price


class OnPlan(NamedTuple):
    """What a plan means to a caller, who is `bare` without it.

    `stamp` is what the wallet names, `version` what prices name: `pro#3`. `models` is a caller who may call what the
    plan allows, None where that is everything.
    """

    stamp: str
    version: str
    price_percent: int
    models: Caller | None
    bare: Caller

    def priced(self, price: Price) -> Price:
        """A price on this plan, each rate rounded up; it says by which version: `7@120%@pro#3`."""
        scaled = price.scaled(self.price_percent)
        return scaled._replace(version=f"{scaled.version}@{self.version}")


def on_plan(caller: Caller, plan: Plan | None, moment: str) -> Caller:
    """The caller as it is on a plan at a moment, or on none; whatever plan it was on before.

    Of each limit the stricter one holds, for its key and for those above it: keys that one makes have together what
    one key has.
    """
    bare = caller if caller.plan is None else caller.plan.bare
    if plan is None:
        return bare
    version = plan.in_force(moment)
    terms = version.terms
    models = terms.allowed_models
    return bare._replace(
        limits=stricter(bare.limits, terms.limits),
        over=tuple([Over(above.key_id, stricter(above.limits, terms.limits)) for above in bare.over]),
        plan=OnPlan(
            stamp=plan.stamp,
            version=version.name,
            price_percent=terms.price_percent,
            models=None if models is None else Caller("", "", allowed_models=models),
            bare=bare,
        ),
    )


def price_for(caller: Caller, price: Price) -> Price:
    """What a caller pays: its key's part of a price, on its plan."""
    price = price.scaled(caller.price_percent)
    return price if caller.plan is None else caller.plan.priced(price)
