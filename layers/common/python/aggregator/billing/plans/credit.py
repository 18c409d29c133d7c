"""The monthly credit of a plan: a grant for each UTC month, which ends with it.

A wallet gets one a month, by whatever plan: it is given under the month's name, and an account gets one grant under a
name, ever. So it does not matter how often it is asked for, nor by whom: when a wallet is put on the plan, and every
five minutes for all wallets on plans.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from aggregator.billing.give import GrantOrder
from aggregator.billing.plans.model import Plan, Version, plan_id_of
from aggregator.errors import Refusal
from aggregator.runtime.aws import AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import count, logger


class Wallets(Protocol):
    """The plans, and who is on them; `PlanStore` behind it."""

    def every(self) -> Iterator[Plan]:
        """See `PlanStore.every`."""
        ...

    def without_credit(self, plan_id: str, month: str) -> Iterator[str]:
        """See `PlanStore.without_credit`."""
        ...

    def credited(self, plan_id: str, wallet_id: str, month: str) -> None:
        """See `PlanStore.credited`."""
        ...


Give = Callable[[GrantOrder], object]
"""Gives a grant, once for its key: `give.give` behind it."""


@dataclass(slots=True)
class Run:
    """What one run came to: wallets that have this month's credit now, and those that could not be given it."""

    given: int = 0
    failed: int = 0


def order_of(version: Version, wallet_id: str, now: datetime) -> GrantOrder | None:
    """This month's credit by a version of a plan, to its end; None where it has none."""
    amount = version.terms.monthly_credit_nano_usd
    if not amount:
        return None
    now = now.astimezone(UTC)
    month = month_of(now)
    return GrantOrder(
        id=f"{int(now.timestamp() * 1000):012x}-{os.urandom(8).hex()}",
        user_id=wallet_id,
        amount_nano_usd=amount,
        ends_at=iso(_end_of(now)),
        given_at=iso(now),
        reason=f"Monthly credit of the plan '{version.plan_id}', {month}",
        key=f"PLAN#{month}",
    )


def give_due(
    wallets: Wallets,
    now: datetime,
    *,
    give: Give,
    plan_of: Callable[[str], str | None],
    has_time: Callable[[], bool],
) -> Run:
    """Give this month's credit to all wallets that are on a plan with one and have none yet.

    `plan_of` reads the stamp that a wallet names: the list of a plan may hold wallets that have left it. One that
    cannot be given it now is left for the next run.
    """
    run = Run()
    month = month_of(now)
    for plan in wallets.every():
        version = plan.in_force(iso(now))
        for wallet_id in wallets.without_credit(plan.plan_id, month) if _has_credit(version) else ():
            if not has_time():
                return run
            stamp = plan_of(wallet_id)
            order = order_of(version, wallet_id, now)
            if stamp is None or plan_id_of(stamp) != plan.plan_id or order is None:
                continue
            if _given(order, give):
                wallets.credited(plan.plan_id, wallet_id, month)
                run.given += 1
            else:
                run.failed += 1
    if run.failed:
        count("MonthlyCreditNotGiven", run.failed)
    return run


def give_now(version: Version, wallet_id: str, now: datetime, *, give: Give) -> None:
    """Give a wallet that was put on a plan this month's credit; what fails now is done by the next run."""
    order = order_of(version, wallet_id, now)
    if order is not None:
        _given(order, give)


def month_of(now: datetime) -> str:
    """The UTC month of a moment: `2026-11`."""
    return f"{now.astimezone(UTC):%Y-%m}"


def _given(order: GrantOrder, give: Give) -> bool:
    try:
        give(order)
    except (AwsError, Refusal) as refused:
        logger.error("Monthly credit not given", user_id=order.user_id, code=refused.code)
        return False
    return True


def _has_credit(version: Version) -> bool:
    return version.terms.monthly_credit_nano_usd > 0


def _end_of(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
