"""Callers on a plan: what this environment knows of their wallets, and how it learns better.

Loaded where a wallet has a plan, and nowhere else. Standard library only.

A wallet names its plan, and each hold asks whether that is the one that the request was reckoned on. So a refusal tells
of a change, once: the request begins anew on what the wallet says, and the next ones know it. Who is refused by what
was known, before anything is held, has the wallet looked at: it may be on another plan by now.
"""

from collections.abc import MutableMapping
from datetime import datetime

from aggregator.auth.caller import Caller
from aggregator.billing.model import Account
from aggregator.billing.plans.model import Plan
from aggregator.billing.plans.on_plan import on_plan
from aggregator.errors import StoreUnavailable
from aggregator.proxy.walk import Collaborators, Visit
from aggregator.runtime import log
from aggregator.runtime.clock import iso

MOST_KNOWN = 10_000
"""Wallets of which one environment knows the plan; beyond that it forgets them all, and learns anew who is there."""


def known(caller: Caller, plans: MutableMapping[str, Plan], now: datetime) -> Caller:
    """The caller on the plan that its wallet was last known to be on."""
    return on_plan(caller, plans.get(caller.wallet_id), iso(now))


def learn(account: Account, visit: Visit, do: Collaborators) -> None:
    """Know from now on which plan a wallet is on.

    Raises:
        StoreUnavailable: the plan cannot be found.
    """
    if account.plan is None:
        do.plans.pop(account.user_id, None)
        return
    plan = _read(account.plan, visit, do)
    if len(do.plans) >= MOST_KNOWN:
        do.plans.clear()
    do.plans[account.user_id] = plan


def has_changed(caller: Caller, visit: Visit, do: Collaborators) -> bool:
    """Whether the wallet is on another plan than was known: then it is known now.

    Raises:
        StoreUnavailable: the plan cannot be found.
    """
    account = do.wallets.account(caller.wallet_id)
    if caller.plan is not None and account.plan == caller.plan.stamp:
        return False
    learn(account, visit, do)
    return True


def _read(stamp: str, visit: Visit, do: Collaborators) -> Plan:
    try:
        plan = do.read_plan(stamp)
    except LookupError:
        plan = None
    if plan is None or plan.stamp != stamp:
        log.error("plan_unknown", request_id=visit.request_id, plan=stamp)
        raise StoreUnavailable("The plan of this account cannot be read.", retry_after_seconds=5)
    return plan
