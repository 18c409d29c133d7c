"""Limits of a plan: each key has the stricter of its own and the plan's, and a request counts once for a minute."""

from collections.abc import Sequence
from typing import Any

import pytest

from aggregator.auth.caller import CONCURRENT_REQUESTS, REQUESTS_PER_MINUTE, Caller, Over
from aggregator.billing.plans.model import Plan, Terms, first_of
from aggregator.billing.plans.on_plan import on_plan
from aggregator.errors import RateLimitExceeded
from aggregator.proxy.limits import take as limits
from aggregator.proxy.limits.rules import Demand
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import Visit, walk
from aggregator.runtime.clock import iso
from tests.fakes.chat_world import NOW, ScriptedResponse, World, ask, completion, counted, route, visit
from tests.fakes.memory_dynamodb import MemoryDynamoDb

USED = counted(10, 5)


def plan(**limits: int) -> Plan:
    return first_of("pro", Terms("Pro", 120, limits), now=iso(NOW), by_key_id="k", by_user_id="u")


class Limited:
    """A key with limits of its own whose wallet is on a plan, and environments that serve it."""

    def __init__(self, on: Plan | None, **own: int) -> None:
        self.caller = Caller("k1", "ann", limits=own)
        self.world = World([ScriptedResponse(completion("hello", USED)) for _ in range(9)])
        self.world.plans = {} if on is None else {on.stamp: on}
        self.world.wallets.plan = None if on is None else on.stamp
        self.do = self.world.collaborators()._replace(route=self.route)

    def route(self, caller: Caller, ask: Ask, visit: Visit) -> Sequence[Route]:
        assert (ask.model, visit.now) == ("mini", NOW)
        found = route()
        return [found if caller.plan is None else found._replace(price=caller.plan.priced(found.price))]

    def ask(self) -> None:
        """Ask an environment that has just started."""
        self.world.known_plans.clear()
        walk(self.caller, ask(max_tokens=50), visit(self.world.clock), self.do)

    def minute(self) -> Any:
        """How many requests this minute has counted."""
        (stored,) = self.do.counts._aws.items.values()  # type: ignore[attr-defined]
        return [int(each["N"]) for name, each in stored.items() if name.startswith("r#")]


def test_a_request_that_learns_its_plan_is_one_of_its_minutes_requests() -> None:
    one = Limited(plan(), **{REQUESTS_PER_MINUTE: 1})

    one.ask()

    assert one.minute() == [1]
    with pytest.raises(RateLimitExceeded):
        one.ask()


def test_a_plans_limit_holds_for_a_key_without_any_from_its_first_request_on() -> None:
    one = Limited(plan(**{REQUESTS_PER_MINUTE: 2}))

    one.ask()
    one.ask()

    assert one.minute() == [2]
    with pytest.raises(RateLimitExceeded):
        one.ask()
    assert one.minute() == [2]


def test_places_that_a_first_try_took_are_free_again() -> None:
    one = Limited(plan(**{CONCURRENT_REQUESTS: 1}), **{CONCURRENT_REQUESTS: 3})

    for _ in range(3):
        one.ask()

    assert len(one.world.receipts) == 3


@pytest.mark.parametrize(("own", "of_plan", "holds"), [(3, 5, 3), (5, 3, 3), (None, 4, 4), (4, None, 4)])
def test_the_stricter_of_key_and_plan_holds(own: int | None, of_plan: int | None, holds: int) -> None:
    bare = Caller("k1", "ann", limits={} if own is None else {REQUESTS_PER_MINUTE: own})

    caller = on_plan(bare, plan(**({} if of_plan is None else {REQUESTS_PER_MINUTE: of_plan})), iso(NOW))

    assert caller.limits == {REQUESTS_PER_MINUTE: holds}


def test_keys_that_a_key_made_have_together_what_one_has() -> None:
    counts = LimitStore(MemoryDynamoDb(), "proxy")
    callers = [
        on_plan(caller, plan(**{REQUESTS_PER_MINUTE: 2}), iso(NOW))
        for caller in (
            Caller("root", "ann"),
            Caller("one", "ann", over=(Over("root", {}),)),
            Caller("two", "ann", over=(Over("root", {}),)),
        )
    ]

    for n, caller in enumerate(callers[:2]):
        limits.take(counts, caller, Demand(f"r{n}", NOW, 60, 1, 1, 1))

    with pytest.raises(RateLimitExceeded):
        limits.take(counts, callers[2], Demand("r3", NOW, 60, 1, 1, 1))
