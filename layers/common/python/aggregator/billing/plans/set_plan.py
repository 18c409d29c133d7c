"""The use cases of plans: write a version, put a wallet on a plan, take it off."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from aggregator.auth.caller import Caller
from aggregator.billing.plans.model import Plan, Terms, first_of, plan_id_of
from aggregator.errors import InvalidRequest, StoreUnavailable
from aggregator.runtime.clock import iso

_TRIES = 8


class Plans(Protocol):
    """The plans, and the wallets on them; `PlanStore` behind it."""

    def latest(self, plan_id: str) -> Plan | None:
        """See `PlanStore.latest`."""
        ...

    def write(self, plan: Plan) -> None:
        """See `PlanStore.write`."""
        ...

    def note(self, plan_id: str, wallet_id: str, version: int) -> None:
        """See `PlanStore.note`."""
        ...

    def forget(self, plan_id: str, wallet_id: str, version: int) -> None:
        """See `PlanStore.forget`."""
        ...

    def listed(self, plan_id: str, *, not_at: str | None = None) -> Iterator[str]:
        """See `PlanStore.listed`."""
        ...

    def put_on(self, wallet_id: str, stamp: str | None, version: int) -> tuple[bool, str | None]:
        """See `PlanStore.put_on`."""
        ...

    def move(self, wallet_id: str, stamp: str) -> None:
        """See `PlanStore.move`."""
        ...


def set_plan(
    plan_id: str,
    terms: Terms,
    effective_from: datetime | None,
    *,
    by: Caller,
    now: datetime,
    plans: Plans,
    require_models: Callable[[Iterable[str]], None],
    has_time: Callable[[], bool],
) -> Plan:
    """Make a plan, or a new version of it; the terms that it has anyway make none.

    All wallets on it are moved to it before this returns, so it holds for their next requests. Two versions written at
    once are one after the other, and the later one moves all.

    Raises:
        InvalidRequest: the moment is over, or that of a plan's first version is not now, or a model fits nothing.
        Conflict: somebody else has written this version; nothing was written.
        StoreUnavailable: the version stands, but not all wallets are moved yet: the same call goes on.
    """
    moment = None if effective_from is None else iso(effective_from)
    plan = plans.latest(plan_id)
    if plan is None or not plan.has(terms, moment, iso(now)):
        require_models(terms.allowed_models or ())
        plan = _written(plan_id, plan, terms, moment, by=by, now=iso(now))
        plans.write(plan)
    for wallet_id in plans.listed(plan_id, not_at=plan.stamp):
        if not has_time():
            raise StoreUnavailable(
                "The plan stands, but not all who have it are on this version: send it again to go on.",
                retry_after_seconds=1,
            )
        plans.move(wallet_id, plan.stamp)
    return plan


def require_plan(plan_id: str, plans: Plans) -> None:
    """Refuse a plan that there is not.

    Raises:
        InvalidRequest: nobody wrote it.
    """
    if plans.latest(plan_id) is None:
        raise InvalidRequest(f"plan: There is no plan '{plan_id}'.", param="plan")


def put_on(wallet_id: str, plan_id: str | None, version: int, *, plans: Plans) -> bool:
    """Put a wallet on a plan, or with None off any; whether it is so now. `version` is its user's, or its team's.

    It holds from the next request on. What a later version of the user said stands; the same call again mends what a
    fault left undone. The wallet is on the plan's list first, and the plan is looked at again afterwards: a version
    that is written meanwhile finds the wallet there, or is found here.

    Raises:
        InvalidRequest: there is no such plan.
        StoreUnavailable: the plan was changed again and again meanwhile; the wallet is on it, or off any.
    """
    if plan_id is None:
        is_so, before = plans.put_on(wallet_id, None, version)
        _leave(plans, wallet_id, before, None, version)
        return is_so
    require_plan(plan_id, plans)
    plans.note(plan_id, wallet_id, version)
    for _ in range(_TRIES):
        plan = plans.latest(plan_id)
        assert plan is not None
        is_so, before = plans.put_on(wallet_id, plan.stamp, version)
        if not is_so:
            return False
        _leave(plans, wallet_id, before, plan_id, version)
        if plans.latest(plan_id) == plan:
            return True
    raise StoreUnavailable("The plan is being changed; try again in a moment.", retry_after_seconds=1)


def _leave(plans: Plans, wallet_id: str, before: str | None, plan_id: str | None, version: int) -> None:
    """Take a wallet off the list of the plan that it had."""
    if before is not None and plan_id_of(before) != plan_id:
        plans.forget(plan_id_of(before), wallet_id, version)


def _written(
    plan_id: str, before: Plan | None, terms: Terms, moment: str | None, *, by: Caller, now: str
) -> Plan:
    if moment is not None and moment <= now:
        raise InvalidRequest(
            "effectiveFrom: must be in the future; without it, it is now", param="effectiveFrom"
        )
    if before is not None:
        return before.followed_by(terms, moment, now=now, by_key_id=by.key_id, by_user_id=by.user_id)
    if moment is not None:
        raise InvalidRequest(
            "effectiveFrom: the first version of a plan is in force at once", param="effectiveFrom"
        )
    return first_of(plan_id, terms, now=now, by_key_id=by.key_id, by_user_id=by.user_id)
