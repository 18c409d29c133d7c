"""Which routes a request takes, what it costs to know, and what is learned from each try."""

import pytest

from aggregator.errors import ProviderFailed, Refusal
from aggregator.proxy.call import call
from aggregator.proxy.exchange import Answer, CallFailed
from aggregator.proxy.model import Route, Way
from aggregator.proxy.routing.breaker import Breaker
from aggregator.proxy.routing.latency import Latencies
from aggregator.proxy.routing.store import RouteStore
from aggregator.proxy.routing.switchboard import Switchboard
from tests.fakes.chat_world import (
    Clock,
    FakeKeys,
    ScriptedResponse,
    ScriptedUpstream,
    ask,
    completion,
    counted,
    route,
)
from tests.fakes.memory_dynamodb import MemoryDynamoDb

A, B = route("a", order=0), route("b", order=1)


class Desk:
    """One environment's switchboard over a table, and calls that it watches."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.table = MemoryDynamoDb()
        shared = RouteStore(self.table, "proxy")
        self.switchboard = Switchboard(
            Breaker(shared, self.clock.monotonic), Latencies(shared, self.clock.monotonic)
        )

    def choose(self, *routes: Route, wanted: str | None = None) -> list[Route]:
        return self.switchboard.choose(routes, ask=ask(), seed="s", wanted=wanted)

    def call(self, routes: list[Route], upstream: ScriptedUpstream) -> Answer:
        return call(
            ask(),
            [Way(each, 10) for each in routes],
            upstream=upstream,
            keys=FakeKeys(),
            watch=self.switchboard,
            deadline=self.clock.monotonic() + 600,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )


GOOD = completion("hello", counted(10, 5))


def providers(routes: list[Route]) -> list[str]:
    return [each.provider.id for each in routes]


def test_a_route_says_by_what_it_was_ranked() -> None:
    desk = Desk()

    by_model = desk.choose(A._replace(strategy="weighted"), B._replace(strategy="weighted"))
    by_request = desk.choose(A, B, wanted="cheapest")

    assert {each.strategy for each in by_model} == {"weighted"}
    assert {each.strategy for each in by_request} == {"cheapest"}


def test_a_healthy_request_costs_no_call_within_five_seconds_of_the_last_read() -> None:
    desk = Desk()
    desk.choose(A, B)
    desk.table.calls.clear()

    for _ in range(4):
        desk.call(desk.choose(A, B), ScriptedUpstream(ScriptedResponse(GOOD)))
        desk.clock.seconds += 1

    assert desk.table.calls == []


def test_a_request_with_a_single_route_never_costs_a_call() -> None:
    desk = Desk()

    for _ in range(10):
        desk.call(desk.choose(A), ScriptedUpstream(ScriptedResponse(GOOD)))
        desk.clock.seconds += 10

    assert desk.table.calls == []


@pytest.mark.parametrize("pause", [1, 5, 30, 100])
def test_no_request_costs_more_than_one_call_when_all_is_well(pause: int) -> None:
    desk = Desk()
    calls = []

    for _ in range(20):
        before = len(desk.table.calls)
        desk.call(desk.choose(A, B, wanted="latency"), ScriptedUpstream(ScriptedResponse(GOOD)))
        calls.append(len(desk.table.calls) - before)
        desk.clock.seconds += pause

    assert max(calls) == 1


def test_a_dead_provider_is_left_out_after_its_fifth_failure_and_the_answer_names_it() -> None:
    desk = Desk()
    for _ in range(3):
        dead = ScriptedUpstream(
            ScriptedResponse(status=500), ScriptedResponse(status=500), ScriptedResponse(GOOD)
        )
        desk.call(desk.choose(A, B), dead)

    routes = desk.choose(A, B)

    assert providers(routes) == ["b"]
    assert routes[0].left_out == ("a",)


def test_the_failure_that_opens_a_circuit_is_not_followed_by_another_try_on_it() -> None:
    desk = Desk()
    for _ in range(2):
        desk.call(
            desk.choose(A, B),
            ScriptedUpstream(
                ScriptedResponse(status=500), ScriptedResponse(status=500), ScriptedResponse(GOOD)
            ),
        )

    answer = desk.call(
        desk.choose(A, B), ScriptedUpstream(ScriptedResponse(status=500), ScriptedResponse(GOOD))
    )

    assert (answer.attempts, answer.route.provider.id) == (2, "b")


@pytest.mark.parametrize("status", [400, 422])
def test_what_a_client_asked_wrongly_is_no_failure_of_the_route(status: int) -> None:
    desk = Desk()
    for _ in range(10):
        with pytest.raises(CallFailed):
            desk.call(desk.choose(A, B), ScriptedUpstream(ScriptedResponse(status=status)))

    assert providers(desk.choose(A, B)) == ["a", "b"]


def test_where_every_circuit_is_open_the_request_is_tried_and_gets_the_providers_own_error() -> None:
    desk = Desk()
    for name in (A, B):
        for _ in range(5):
            desk.switchboard.failed(name, ask(), 0.1)
    routes = desk.choose(A, B)

    with pytest.raises(CallFailed) as failed:
        desk.call(routes, ScriptedUpstream(ScriptedResponse(status=500)))

    refusal: Refusal = failed.value.refusal
    assert isinstance(refusal, ProviderFailed)
    assert providers(routes) == ["a"]


def test_the_fastest_route_is_learned_from_calls() -> None:
    desk = Desk()
    for name, milliseconds in ((A, 900), (B, 100)):
        desk.switchboard.answered(name, ask(), milliseconds)

    orders = {
        tuple(providers(desk.switchboard.choose([A, B], ask=ask(), seed=str(n), wanted="latency")))
        for n in range(5)
    }

    assert ("b", "a") in orders


def test_a_route_that_fails_is_not_fast() -> None:
    desk = Desk()
    desk.switchboard.answered(A, ask(), 100)
    desk.switchboard.answered(B, ask(), 500)

    desk.switchboard.failed(A, ask(), 0.1)

    measured = desk.switchboard._latencies
    assert (measured.of(A, ask()) or 0) > (measured.of(B, ask()) or 0)
