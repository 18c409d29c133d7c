"""In which order routes are tried: every strategy keeps all of them, and each puts the right one first."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.price import Price
from aggregator.orchestrator.model import STRATEGIES
from aggregator.proxy.model import Route
from aggregator.proxy.routing.ranking import by_cost, by_latency, by_weight, ranked
from tests.fakes.chat_world import ask, route

REQUESTS = 20_000


def nothing_measured(_: Route) -> None:
    return None


def names(routes: list[Route]) -> list[str]:
    return [each.provider.id for each in routes]


def seeds(count: int = REQUESTS) -> list[str]:
    return [f"019ab0ad6c00-{number}" for number in range(count)]


routes_of_any_kind = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 1_000_000), st.integers(1, 10**12), st.integers(1, 10**12)),
    min_size=1,
    max_size=8,
).map(
    lambda facts: [
        route(f"p{number}", Price("1", input_, output), order=order, weight=weight)
        for number, (order, weight, input_, output) in enumerate(facts)
    ]
)


@given(routes_of_any_kind, st.sampled_from(STRATEGIES), st.text(max_size=60), st.randoms())
def test_every_strategy_keeps_every_route_once_and_ranks_a_request_alike_each_time(
    routes: list[Route], strategy: str, seed: str, chance: object
) -> None:
    milliseconds = {each.name: hash((each.name, str(chance))) % 1000 for each in routes}

    first = ranked(strategy, routes, ask=ask(), seed=seed, measured=lambda each: milliseconds[each.name])
    again = ranked(strategy, routes, ask=ask(), seed=seed, measured=lambda each: milliseconds[each.name])

    assert first == again
    assert sorted(names(first)) == sorted(names(routes))


def test_priority_leaves_the_order_as_it_is() -> None:
    routes = [route("a", order=0), route("b", order=1), route("c", order=2)]

    assert ranked("priority", routes, ask=ask(), seed="s", measured=nothing_measured) == routes


def test_a_strategy_that_does_not_exist_is_a_defect() -> None:
    with pytest.raises(KeyError):
        ranked("luck", [route()], ask=ask(), seed="s", measured=nothing_measured)


@given(routes_of_any_kind, st.text(max_size=60))
def test_weights_never_put_a_later_order_before_an_earlier_one(routes: list[Route], seed: str) -> None:
    orders = [each.via.order for each in by_weight(routes, seed)]

    assert orders == sorted(orders)


@pytest.mark.parametrize("weights", [(80, 20), (1, 1), (5, 3, 2), (1, 10, 100), (999_999, 1)])
def test_each_route_comes_first_as_often_as_its_weight_says(weights: tuple[int, ...]) -> None:
    routes = [route(f"p{number}", weight=weight) for number, weight in enumerate(weights)]

    firsts = [by_weight(routes, seed)[0].via.weight for seed in seeds()]

    for weight in set(weights):
        share = weight * weights.count(weight) / sum(weights)
        five_sigma = 5 * math.sqrt(REQUESTS * share * (1 - share)) + 1
        assert abs(firsts.count(weight) - REQUESTS * share) < five_sigma


def test_what_is_left_of_the_weights_decides_about_the_fallback() -> None:
    routes = [route("a", weight=60), route("b", weight=30), route("c", weight=10)]

    after_a = [order for seed in seeds() if (order := names(by_weight(routes, seed)))[0] == "a"]

    share = sum(order[1] == "b" for order in after_a) / len(after_a)
    assert abs(share - 0.75) < 0.03


def test_the_cheapest_is_that_for_this_request() -> None:
    dear_input = route("dear-input", Price("1", 10_000_000, 1_000_000), max_output_tokens=1_000)
    dear_output = route("dear-output", Price("1", 1_000_000, 10_000_000), max_output_tokens=1_000)
    routes = [dear_input, dear_output]

    long_question = by_cost(routes, ask(messages=[{"role": "user", "content": "x" * 800}], max_tokens=1))
    long_answer = by_cost(routes, ask(max_tokens=1_000))

    assert names(long_question) == ["dear-output", "dear-input"]
    assert names(long_answer) == ["dear-input", "dear-output"]


def test_routes_are_compared_at_the_same_length_of_answer() -> None:
    cheap_and_long = route("long", Price("1", 1_000_000, 1_000_000), max_output_tokens=100_000)
    dear_and_short = route("short", Price("1", 1_000_000, 2_000_000), max_output_tokens=10)

    assert names(by_cost([dear_and_short, cheap_and_long], ask())) == ["long", "short"]


def test_equally_cheap_routes_keep_their_order() -> None:
    assert names(by_cost([route("b"), route("a"), route("c")], ask())) == ["b", "a", "c"]


def test_the_fastest_comes_first_and_the_unmeasured_before_it() -> None:
    milliseconds = {"slow": 900.0, "fast": 100.0}
    routes = [route("slow"), route("fast"), route("new")]
    learns_nothing = next(
        seed for seed in seeds() if names(by_latency(routes, seed, nothing_measured))[0] != "new"
    )

    order = by_latency(routes, learns_nothing, lambda each: milliseconds.get(each.provider.id))

    assert names(order) == ["new", "fast", "slow"]


def test_one_request_in_twenty_tries_any_route_so_that_a_slow_one_can_show_it_is_fast_again() -> None:
    milliseconds = {"slow": 900.0, "fast": 100.0}
    routes = [route("slow"), route("fast")]

    firsts = [
        by_latency(routes, seed, lambda each: milliseconds[each.provider.id])[0].provider.id
        for seed in seeds()
    ]

    assert 0.02 < firsts.count("slow") / REQUESTS < 0.03
