"""Keys that a limited key made: together they use no more than it may, by one write of one item."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.auth.caller import Caller, Over
from aggregator.errors import InsufficientQuota, RateLimitExceeded, Refusal
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.limits.take import give_back, take
from tests.unit.proxy.limits.limits_desk import FaultyAws, demand

DAILY = "dailyBudgetNanoUsd"
DAY = "d#2026-11-23"


def caller(key_id: str, limits: Mapping[str, int], *over: Over) -> Caller:
    return Caller(key_id=key_id, user_id="ann", limits=limits, over=over)


def children(number: int, **limits: int) -> list[Caller]:
    """Keys that the key `k1` with these limits made, and which inherited them."""
    return [caller(f"child{n}", limits, Over("k1", limits)) for n in range(number)]


def test_ten_keys_of_a_key_with_a_budget_spend_that_budget_once() -> None:
    aws = FaultyAws()
    passed = 0

    for n, child in enumerate(children(10, dailyBudgetNanoUsd=1_000)):
        try:
            give_back(aws.store(), take(aws.store(), child, demand(f"r{n}", at_most_nano_usd=300)), 300)
        except InsufficientQuota:
            continue
        passed += 1

    assert passed == 4
    assert aws.counted[DAY] == 1_000


def test_the_maker_spends_of_the_same_budget() -> None:
    aws = FaultyAws()
    maker, child = caller("k1", {DAILY: 100}), children(1, dailyBudgetNanoUsd=100)[0]
    take(aws.store(), maker, demand("r1", at_most_nano_usd=95))

    with pytest.raises(InsufficientQuota) as refused:
        take(aws.store(), child, demand("r2"))

    assert refused.value.message == (
        "The daily budget of 0.0000001 USD, which this API key shares with the key that it was made by, has "
        "0.000000005 USD left that no running request holds, and this request may cost up to 0.00000001 USD. "
        "The budget begins anew at 2026-11-24T00:00:00Z."
    )


def test_one_write_takes_of_all_and_one_gives_back_to_all() -> None:
    aws = FaultyAws()
    top, middle = (
        Over("k1", {DAILY: 1_000, "concurrentRequests": 2}),
        Over("k2", {"monthlyBudgetNanoUsd": 500}),
    )
    key = caller("k3", {DAILY: 200, "tokensPerMinute": 50}, top, middle)

    taken = take(aws.store(), key, demand(tokens=40, at_most_nano_usd=300))
    while_it_runs = aws.counted
    give_back(aws.store(), taken, 70, used_tokens=22)

    assert while_it_runs == {
        "d#2026-11-23": 200,
        "m#2026-11#k2": 200,
        "d#2026-11-23#k3": 200,
        "t#29923920#k3": 40,
        "running": 1,
        "running#k3": 1,
    }
    assert aws.counted == {"d#2026-11-23": 70, "m#2026-11#k2": 70, "d#2026-11-23#k3": 70, "t#29923920#k3": 22}
    assert aws.calls == ["UpdateItem", "UpdateItem"]


def test_a_child_without_limits_of_its_own_is_under_its_makers() -> None:
    aws = FaultyAws()
    key = caller("k2", {}, Over("k1", {DAILY: 100}))

    take(aws.store(), key, demand("r1", at_most_nano_usd=95))
    with pytest.raises(InsufficientQuota):
        take(aws.store(), key, demand("r2"))

    assert aws.counted == {DAY: 95, "running#k2": 1}


def test_a_line_without_limits_costs_no_call() -> None:
    aws = FaultyAws()

    take(aws.store(), caller("k2", {}, Over("k1", {})), demand())

    assert aws.calls == []


def test_keys_of_an_unlimited_key_count_each_in_an_item_of_its_own() -> None:
    aws = FaultyAws()

    for key_id in ("k2", "k3"):
        take(aws.store(), caller(key_id, {"requestsPerMinute": 1}, Over("k1", {})), demand())

    assert sorted(aws.inner.items) == [("LIMITS#k2", "LIMITS"), ("LIMITS#k3", "LIMITS")]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"requestsPerMinute": 2}, "made by is limited to 2 requests per minute"),
        ({"tokensPerMinute": 25}, "made by is limited to 25 tokens per minute"),
        ({"concurrentRequests": 2}, "made by is limited to 2 requests at once"),
    ],
)
def test_rates_and_places_are_shared_as_budgets_are(limits: dict[str, int], message: str) -> None:
    aws = FaultyAws()
    keys = [caller(f"child{n}", {}, Over("k1", limits)) for n in range(3)]
    for n in range(2):
        take(aws.store(), keys[n], demand(f"r{n}"))

    with pytest.raises(RateLimitExceeded, match=message):
        take(aws.store(), keys[2], demand("r2"))


def test_the_place_of_a_childs_request_that_died_is_free_for_its_siblings() -> None:
    aws = FaultyAws()
    first, second = (caller(f"child{n}", {}, Over("k1", {"concurrentRequests": 1})) for n in range(2))
    take(aws.store(), first, demand("r1", seconds=-1_000))

    taken = take(aws.store(), second, demand("r2"))

    assert aws.counted == {"running": 1, "running#child0": 1, "running#child1": 1}
    give_back(aws.store(), taken)
    assert aws.counted == {"running#child0": 1}


def test_headers_tell_of_what_is_scarcest() -> None:
    aws = FaultyAws()
    key = caller("k2", {"requestsPerMinute": 100}, Over("k1", {"requestsPerMinute": 3}))

    taken = take(aws.store(), key, demand())

    assert taken.headers["x-ratelimit-limit-requests"] == "3"
    assert taken.headers["x-ratelimit-remaining-requests"] == "2"


@dataclass
class Spent:
    """One request of a line, as an independent count knows it."""

    path: tuple[str, ...]
    amount: int
    taken: Taken | None


budgets = st.integers(50, 400)


@settings(max_examples=300, deadline=None)
@given(
    budget=st.tuples(budgets, budgets, budgets),
    asks=st.lists(
        st.tuples(st.sampled_from(["k1", "k2", "k3", "k4"]), st.integers(1, 150), st.booleans()), max_size=25
    ),
)
def test_nobody_spends_more_than_any_key_over_it_has(
    budget: tuple[int, int, int], asks: list[tuple[str, int, bool]]
) -> None:
    """k1 made k2 and k4; k2 made k3."""
    aws = FaultyAws()
    most = dict(zip(["k1", "k2", "k3"], budget, strict=True)) | {"k4": 10_000}
    paths = {"k1": ("k1",), "k2": ("k1", "k2"), "k3": ("k1", "k2", "k3"), "k4": ("k1", "k4")}
    spent: list[Spent] = []

    def left(key_id: str) -> int:
        return most[key_id] - sum(each.amount for each in spent if key_id in each.path)

    for n, (key_id, amount, ends) in enumerate(asks):
        path = paths[key_id]
        over = [Over(above, {DAILY: most[above]}) for above in path[:-1]]
        fits = min(left(each) for each in path)
        refused: Refusal | None = None
        try:
            asked = demand(f"r{n}", at_most_nano_usd=amount, at_least_nano_usd=1)
            taken = take(aws.store(), caller(key_id, {DAILY: most[key_id]}, *over), asked)
        except InsufficientQuota as said:
            refused = said
            assert fits < 1
        else:
            assert taken.at_most_nano_usd == min(amount, fits)
            used = taken.at_most_nano_usd
            if ends:
                used //= 2
                give_back(aws.store(), taken, used)
            spent.append(Spent(path, used, taken))
        assert refused is None or fits < 1
        assert all(left(each) >= 0 for each in most)

    counted = {name: count for name, count in aws.counted.items() if name.startswith("d#")}
    expected = {DAY if each == "k1" else f"{DAY}#{each}": most[each] - left(each) for each in most}
    assert counted == {name: count for name, count in expected.items() if name in counted}
