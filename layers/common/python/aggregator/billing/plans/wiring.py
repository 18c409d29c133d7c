"""The use cases of plans, with their collaborators."""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache

from aggregator.auth.caller import Caller
from aggregator.billing import wiring as billing
from aggregator.billing.plans import credit
from aggregator.billing.plans import set_plan as plans
from aggregator.billing.plans.model import Plan, Terms, Version, plan_id_of
from aggregator.billing.plans.on_plan import on_plan
from aggregator.billing.plans.store import PlanStore
from aggregator.errors import NotFound
from aggregator.orchestrator import wiring as orchestrator
from aggregator.orchestrator.permitted import require_some_model
from aggregator.runtime import clock
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.clock import iso

MOVE_SECONDS = 10
"""How long one call moves wallets to a new version."""

CREDIT_SECONDS = 25
"""How long a run gives monthly credits, beside seeing off what ended; the next one comes five minutes after it."""


@cache
def store() -> PlanStore:
    """The plans in the billing table."""
    return PlanStore(BotoClient("dynamodb"), os.environ["BILLING_TABLE"])


def set_plan(
    plan_id: str, terms: Terms, effective_from: datetime | None, *, by: Caller, now: datetime
) -> Version:
    """See `set_plan.set_plan`; the version that was written, or is in force anyway."""
    until = time.monotonic() + MOVE_SECONDS
    plan = plans.set_plan(
        plan_id,
        terms,
        effective_from,
        by=by,
        now=now,
        plans=store(),
        require_models=_require_some_model,
        has_time=lambda: time.monotonic() < until,
    )
    return plan.latest if plan.latest.terms == terms else plan.in_force(iso(effective_from or now))


def get_plan(plan_id: str, *, by: Caller, now: datetime) -> tuple[Version, list[Version] | None]:
    """The version of a plan in force: for an admin with all its versions, for others if they pay by it.

    Raises:
        NotFound: there is no such plan, as far as the caller may know.
    """
    plan = store().latest(plan_id) if by.is_admin or _is_on(plan_id, by) else None
    if plan is None:
        raise NotFound("There is no such plan.")
    return plan.in_force(iso(now)), store().versions(plan_id) if by.is_admin else None


def list_plans(limit: int, after: str | None) -> tuple[list[Plan], str | None]:
    """A page of plans."""
    return store().page(limit, after)


def require_plan(plan_id: str) -> None:
    """See `set_plan.require_plan`."""
    plans.require_plan(plan_id, store())


def put_on(wallet_id: str, plan_id: str | None, version: int) -> None:
    """See `set_plan.put_on`; with this month's credit, if the wallet has had none."""
    is_so = plans.put_on(wallet_id, plan_id, version, plans=store())
    plan = None if plan_id is None else store().latest(plan_id)
    if is_so and plan is not None:
        now = clock.now()
        credit.give_now(plan.in_force(iso(now)), wallet_id, now, give=billing.give)


def give_monthly_credits() -> credit.Run:
    """See `credit.give_due`; what there was no time for is done by the next run."""
    until = time.monotonic() + CREDIT_SECONDS
    return credit.give_due(
        store(),
        clock.now(),
        give=billing.give,
        plan_of=lambda wallet_id: billing.store().account(wallet_id).plan,
        has_time=lambda: time.monotonic() < until,
    )


def limits_of(wallet_id: str) -> Mapping[str, int]:
    """What the plan that a wallet is on now allows each key; nothing without one."""
    stamp = billing.store().account(wallet_id).plan
    return {} if stamp is None else store().of_stamp(stamp).in_force(iso(clock.now())).terms.limits


def on_its_plan(caller: Caller) -> Caller:
    """The caller on the plan that its wallet is on now, if it is on one."""
    stamp = billing.store().account(caller.wallet_id).plan
    return caller if stamp is None else on_plan(caller, store().of_stamp(stamp), iso(clock.now()))


def _is_on(plan_id: str, by: Caller) -> bool:
    wallets = {by.user_id, by.wallet_id}
    stamps = [billing.store().account(wallet_id).plan for wallet_id in sorted(wallets)]
    return any(stamp is not None and plan_id_of(stamp) == plan_id for stamp in stamps)


def _require_some_model(patterns: Iterable[str]) -> None:
    named = list(patterns)
    if named:
        require_some_model(named, orchestrator.catalogue())
