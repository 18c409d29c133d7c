"""Whatever the order of the calls of several threads, and whichever are cut off: no limit is exceeded."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.auth.caller import Caller, Over
from aggregator.errors import InsufficientQuota, RateLimitExceeded, StoreUnavailable
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.limits.take import give_back, take
from aggregator.runtime.aws import Aws
from tests.unit.proxy.limits.limits_desk import FaultyAws, demand, key
from tests.unit.proxy.limits.limits_turns import Work, interleave


@dataclass(frozen=True)
class Request:
    tokens: int
    most: int
    least: int
    spends: int
    uses: int
    dies: bool


@dataclass
class Observed:
    """What really ran and was spent, by the threads' own account."""

    running: dict[str, Taken] = field(default_factory=dict)
    passed: int = 0
    tokens: int = 0
    spent: int = 0

    def held(self) -> int:
        return sum(taken.at_most_nano_usd for taken in self.running.values())


requests = st.builds(
    Request,
    tokens=st.integers(1, 30),
    most=st.integers(20, 60),
    least=st.integers(1, 20),
    spends=st.integers(0, 60),
    uses=st.integers(0, 30),
    dies=st.integers(0, 9).map(lambda n: n == 0),
)
threads = st.lists(st.lists(requests, min_size=1, max_size=3), min_size=2, max_size=4)
limits = st.fixed_dictionaries(
    {},
    optional={
        "requestsPerMinute": st.integers(1, 6),
        "tokensPerMinute": st.integers(20, 90),
        "concurrentRequests": st.integers(1, 3),
        "usdPerMinuteNanoUsd": st.integers(20, 150),
        "dailyBudgetNanoUsd": st.integers(20, 150),
        "monthlyBudgetNanoUsd": st.integers(20, 150),
    },
)
orders = st.lists(st.integers(0, 3), min_size=1, max_size=40)
sometimes_cut_off = st.lists(st.sampled_from([None, None, None, "before", "after"]), min_size=1, max_size=30)


def caller_of(name: str, limits: dict[str, int], *, in_line: bool) -> Caller:
    """All threads with one key, or each with a key of its own that the one made."""
    if not in_line:
        return key(**limits)
    return Caller(key_id=f"child-{name}", user_id="ann", limits=limits, over=(Over("k1", limits),))


def worker(
    name: str, requests: list[Request], limits: dict[str, int], seen: Observed, *, in_line: bool
) -> Work:
    def work(aws: Aws) -> None:
        store = LimitStore(aws, "proxy")
        for n, request in enumerate(requests):
            asked = demand(
                f"{name}-{n}",
                tokens=request.tokens,
                at_most_nano_usd=request.most,
                at_least_nano_usd=request.least,
            )
            try:
                taken = take(store, caller_of(name, limits, in_line=in_line), asked)
            except (RateLimitExceeded, InsufficientQuota, StoreUnavailable):
                continue
            assert request.least <= taken.at_most_nano_usd <= request.most
            seen.running[asked.request_id] = taken
            seen.passed += 1
            seen.tokens += request.tokens
            if request.dies:
                return
            del seen.running[asked.request_id]
            spent = min(request.spends, taken.at_most_nano_usd)
            seen.spent += spent
            used = min(request.uses, request.tokens)
            seen.tokens += used - request.tokens
            give_back(store, taken, spent, used_tokens=used)

    return work


def race(
    plans: list[list[Request]],
    limits: dict[str, int],
    order: list[int],
    faults: list[str | None],
    *,
    in_line: bool,
) -> tuple[FaultyAws, Observed]:
    table, seen = FaultyAws(), Observed()
    most = (
        dict.fromkeys(
            (
                "requestsPerMinute",
                "tokensPerMinute",
                "concurrentRequests",
                "usdPerMinuteNanoUsd",
                "dailyBudgetNanoUsd",
                "monthlyBudgetNanoUsd",
            ),
            10**9,
        )
        | limits
    )

    def nothing_is_exceeded() -> None:
        assert seen.passed <= most["requestsPerMinute"]
        assert seen.tokens <= most["tokensPerMinute"]
        assert len(seen.running) <= most["concurrentRequests"]
        money = ("usdPerMinuteNanoUsd", "dailyBudgetNanoUsd", "monthlyBudgetNanoUsd")
        assert seen.held() + seen.spent <= min(most[limit] for limit in money)
        assert all(count >= 0 for count in table.counted.values())

    works = [worker(f"t{n}", plan, limits, seen, in_line=in_line) for n, plan in enumerate(plans)]
    interleave(table, works, order=order, faults=faults, after_each=nothing_is_exceeded)
    return table, seen


@pytest.mark.promise("limits")
@settings(max_examples=400, deadline=None)
@given(plans=threads, limits=limits, order=orders, faults=sometimes_cut_off, in_line=st.booleans())
def test_no_limit_is_exceeded_in_any_order_of_calls_with_any_of_them_cut_off(
    plans: list[list[Request]],
    limits: dict[str, int],
    order: list[int],
    faults: list[str | None],
    *,
    in_line: bool,
) -> None:
    table, seen = race(plans, limits, order, faults, in_line=in_line)

    if "dailyBudgetNanoUsd" in limits and seen.passed:
        assert table.counted["d#2026-11-23"] >= seen.spent + seen.held()


@pytest.mark.promise("limits")
@settings(max_examples=400, deadline=None)
@given(plans=threads, limits=limits, order=orders, in_line=st.booleans())
def test_when_all_calls_are_answered_the_counts_are_exact(
    plans: list[list[Request]], limits: dict[str, int], order: list[int], *, in_line: bool
) -> None:
    table, seen = race(plans, limits, order, [None], in_line=in_line)

    counted = table.counted
    if "requestsPerMinute" in limits:
        assert counted.get("r#29923920", 0) == seen.passed
    if "tokensPerMinute" in limits:
        assert counted.get("t#29923920", 0) == seen.tokens
    if "usdPerMinuteNanoUsd" in limits:
        assert counted.get("u#29923920", 0) == seen.spent + seen.held()
    if "dailyBudgetNanoUsd" in limits:
        assert counted.get("d#2026-11-23", 0) == seen.spent + seen.held()
    if "monthlyBudgetNanoUsd" in limits:
        assert counted.get("m#2026-11", 0) == seen.spent + seen.held()
    if "concurrentRequests" in limits:
        assert counted.get("running", 0) == len(seen.running)
