"""A wallet on a plan: learned with a refusal, known from then on, paid by in bound, hold, cost, event and receipt."""

import json
from datetime import timedelta
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.plans.model import Plan, Terms, first_of
from aggregator.billing.plans.on_plan import on_plan
from aggregator.billing.settle_batch import usage_end_of
from aggregator.contracts.ai_usage import AiUsage
from aggregator.errors import RateLimitExceeded, StoreUnavailable
from aggregator.proxy import planned
from aggregator.proxy.emit import event_of
from aggregator.proxy.walk import walk
from aggregator.runtime.clock import iso
from tests.fakes.chat_world import CALLER, NOW, ScriptedResponse, World, ask, completion, counted, visit

USED = counted(10, 5)  # costs 10 + 2 * 5 nano-dollars at list prices
ONCE = ["route", "reserve", "call", "emit completed"]
TWICE = ["route", "reserve", *ONCE]


def plan(percent: int, plan_id: str = "pro", **terms: Any) -> Plan:
    said = Terms("A plan", percent, **terms)
    return first_of(plan_id, said, now=iso(NOW - timedelta(1)), by_key_id="k", by_user_id="u")


PRO = plan(120)
NEXT = PRO.followed_by(Terms("A plan", 150), None, now=iso(NOW), by_key_id="k", by_user_id="u")


def world(*plans: Plan, on: Plan | None, answers: int = 1) -> World:
    made = World([ScriptedResponse(completion("hello", USED)) for _ in range(answers)])
    made.plans = {each.stamp: each for each in plans}
    made.wallets.plan = None if on is None else on.stamp
    return made


def served(world: World) -> list[str]:
    """One request, as the edge sends it; its steps."""
    before = len(world.steps)
    walk(CALLER, ask(max_tokens=50), visit(world.clock), world.collaborators())
    return world.steps[before:]


def charged(world: World) -> list[tuple[str, int]]:
    return [(each.route.price.version, each.charged_nano_usd) for each in world.receipts]


def test_a_plan_is_learned_with_one_refusal_and_known_from_then_on() -> None:
    pro = world(PRO, on=PRO, answers=2)

    assert (served(pro), served(pro)) == (TWICE, ONCE)

    assert charged(pro) == [("1@120%@pro#1", 24)] * 2


def test_a_wallet_without_a_plan_walks_as_ever_and_is_not_remembered() -> None:
    bare = world(on=None)

    assert served(bare) == ONCE

    assert (charged(bare), bare.known_plans) == ([("1", 20)], {})


def test_a_new_version_another_plan_and_none_hold_for_the_very_next_request() -> None:
    mini = plan(80, "mini")
    pro = world(PRO, NEXT, mini, on=PRO, answers=5)
    served(pro)

    for stamp in (NEXT.stamp, mini.stamp, None):
        pro.wallets.plan = stamp
        assert served(pro) == TWICE
    assert served(pro) == ONCE

    assert charged(pro) == [
        ("1@120%@pro#1", 24),
        ("1@150%@pro#2", 30),
        ("1@80%@mini#1", 16),
        ("1", 20),
        ("1", 20),
    ]


def test_a_version_to_come_is_paid_from_its_moment_on_and_nothing_is_asked() -> None:
    comes = iso(NOW + timedelta(hours=1))
    ahead = PRO.followed_by(Terms("A plan", 150), comes, now=iso(NOW), by_key_id="k", by_user_id="u")

    now, then = (on_plan(CALLER, ahead, iso(NOW + timedelta(minutes=n))).plan for n in (59, 60))

    assert now is not None
    assert then is not None
    assert (now.version, now.price_percent, now.stamp) == ("pro#1", 120, "pro#000002")
    assert (then.version, then.price_percent, then.stamp) == ("pro#2", 150, "pro#000002")


def test_the_hold_is_the_bound_at_the_plans_price() -> None:
    bare, pro = world(on=None), world(PRO, on=PRO)

    served(bare)
    served(pro)

    assert (bare.wallets.held, pro.wallets.held) == ([248], [298])  # 297.6


def test_what_the_event_says_is_what_is_settled() -> None:
    pro = world(PRO, on=PRO)
    served(pro)

    said = json.loads(json.dumps(event_of(pro.receipts[0])))
    end = usage_end_of(AiUsage.model_validate(said))

    assert said["price"] == {"version": "1@120%@pro#1", "input": 1_200_000, "output": 2_400_000}
    assert (end.cost_nano_usd, end.price.version) == (24, "1@120%@pro#1")


@pytest.mark.parametrize("plans", [{}, {PRO.stamp: plan(120, "other")}])
def test_a_plan_that_cannot_be_read_says_try_again_and_nothing_is_held(plans: dict[str, Plan]) -> None:
    lost = world(on=PRO)
    lost.plans = plans

    with pytest.raises(StoreUnavailable):
        served(lost)

    assert (lost.wallets.held, lost.receipts) == ([], [])


def test_who_is_refused_by_a_plan_that_it_has_no_more_is_served() -> None:
    poor = plan(120, "poor", limits={"tokensPerMinute": 1})
    pro = world(poor, PRO, on=poor)
    with pytest.raises(RateLimitExceeded):
        served(pro)

    pro.wallets.plan = PRO.stamp
    assert served(pro) == ["route", "look", *ONCE]

    assert charged(pro) == [("1@120%@pro#1", 24)]


def test_who_is_refused_by_the_plan_that_it_has_is_looked_at_once_and_refused() -> None:
    poor = plan(120, "poor", limits={"tokensPerMinute": 1})
    pro = world(poor, on=poor)

    for steps in (["route", "reserve", "route", "look"], ["route", "look"]):
        pro.steps.clear()
        with pytest.raises(RateLimitExceeded):
            served(pro)
        assert pro.steps == steps


def test_an_environment_forgets_rather_than_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "MOST_KNOWN", 1)
    pro = world(PRO, on=PRO)
    pro.known_plans["bob"] = PRO

    served(pro)

    assert pro.known_plans == {"ann": PRO}


def test_a_caller_on_a_plan_is_the_bare_one_again_without_it() -> None:
    caller = Caller("k1", "ann", limits={"requestsPerMinute": 9}, allowed_models=("gpt-4o",))

    once = on_plan(caller, plan(120, limits={"requestsPerMinute": 5}, allowed_models=("gpt-*",)), iso(NOW))
    twice = on_plan(once, plan(90, limits={"requestsPerMinute": 7}), iso(NOW))

    assert once.limits == {"requestsPerMinute": 5}
    assert twice.limits == {"requestsPerMinute": 7}
    assert on_plan(twice, None, iso(NOW)) == caller
