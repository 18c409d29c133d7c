"""A circuit for each route: closed, open, half-open, in one environment and between several."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aggregator.proxy.model import Route
from aggregator.proxy.routing.breaker import Breaker
from aggregator.proxy.routing.store import RouteStore
from aggregator.runtime.aws import UNREACHABLE, AwsError, JsonObject
from tests.fakes.chat_world import route
from tests.fakes.memory_dynamodb import MemoryDynamoDb

A, B, C = route("a"), route("b"), route("c")


class Table(MemoryDynamoDb):
    """The proxy's table, which can be down."""

    down = False

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if self.down:
            self.calls.append(action)
            raise AwsError(UNREACHABLE)
        return super().call(action, request)


class World:
    """Environments over one table, and the time."""

    def __init__(self, environments: int = 1) -> None:
        self.now = 1_795_000_000.0
        self.table = Table()
        self.breakers = [
            Breaker(RouteStore(self.table, "proxy"), lambda: self.now) for _ in range(environments)
        ]

    @property
    def one(self) -> Breaker:
        return self.breakers[0]

    def later(self, seconds: float) -> None:
        self.now += seconds


def kept(breaker: Breaker, *routes: Route) -> list[str]:
    """What a request would try: it looks for news first."""
    breaker.refresh()
    return [each.provider.id for each in breaker.sift(routes)[0]]


def fail(breaker: Breaker, which: Route, times: int = 5) -> list[bool]:
    return [breaker.failed(which) for _ in range(times)]


def test_five_failures_open_a_circuit() -> None:
    world = World()
    world.one.refresh()

    opened = fail(world.one, A)

    assert opened == [False, False, False, False, True]
    assert kept(world.one, A, B) == ["b"]


def test_failures_far_apart_open_nothing() -> None:
    world = World()
    opened: list[bool] = []

    for _ in range(20):
        opened += fail(world.one, A, 1)
        world.later(8)

    assert opened == [False] * 20
    assert "UpdateItem" not in world.table.calls


@pytest.mark.parametrize(("seconds", "opens"), [(7.5, True), (7.6, False)])
def test_five_failures_open_a_circuit_if_they_are_within_half_a_minute(seconds: float, opens: bool) -> None:
    world = World()

    for _ in range(4):
        fail(world.one, A, 1)
        world.later(seconds)

    assert world.one.failed(A) is opens


def wait_in_vain(world: World, seconds: float) -> bool:
    """One request after the other waits so long, and gets nothing."""
    world.later(seconds)
    return world.one.failed(A, seconds)


@pytest.mark.parametrize("seconds", [31.0, 120.0, 290.0])
def test_a_provider_that_falls_silent_twice_is_left_alone(seconds: float) -> None:
    world = World()
    world.one.refresh()

    opened = [wait_in_vain(world, seconds), wait_in_vain(world, seconds)]

    assert opened == [False, True]
    assert kept(world.one, A, B) == ["b"]


def test_a_wait_that_is_no_longer_than_the_window_counts_once() -> None:
    world = World()

    opened = [wait_in_vain(world, 30.0) for _ in range(10)]

    assert opened == [False] * 10


@pytest.mark.parametrize(("between", "opens"), [(30.0, True), (30.1, False)])
def test_two_silences_far_apart_open_nothing(between: float, opens: bool) -> None:
    world = World()
    wait_in_vain(world, 120.0)
    world.later(between)

    assert wait_in_vain(world, 120.0) is opens


@pytest.mark.parametrize(("answers", "opens"), [(6, True), (7, False)])
def test_silences_open_a_circuit_if_they_are_half_of_all_tries(answers: int, opens: bool) -> None:
    world = World()
    for _ in range(answers):
        world.one.answered(A)

    opened = [wait_in_vain(world, 120.0), wait_in_vain(world, 120.0)]

    assert opened == [False, opens]


def test_a_route_that_mostly_works_stays_closed() -> None:
    world = World()
    opened: list[bool] = []

    for _ in range(8):
        world.one.answered(A)
        world.one.answered(A)
        opened += fail(world.one, A, 1)

    assert opened == [False] * 8
    assert "UpdateItem" not in world.table.calls


@pytest.mark.parametrize(("answers", "opens"), [(4, True), (5, True), (6, False)])
def test_five_failures_open_a_circuit_if_they_are_half_of_all_tries(answers: int, opens: bool) -> None:
    world = World()
    for _ in range(answers):
        world.one.answered(A)

    opened = fail(world.one, A)

    assert opened == [False] * 4 + [opens]


def test_after_half_a_minute_one_request_is_let_through_and_its_success_closes_the_circuit() -> None:
    world = World()
    fail(world.one, A)
    world.later(29)
    before = kept(world.one, A, B)
    world.later(1)

    half_open = kept(world.one, A, B)
    world.one.answered(A)

    assert (before, half_open) == (["b"], ["a", "b"])
    assert kept(world.one, A, B) == ["a", "b"]
    assert world.table.items[("ROUTES", "OPEN")].keys() == {"pk", "sk", "expires_at"}


def test_a_try_that_fails_opens_the_circuit_for_another_half_minute() -> None:
    world = World()
    fail(world.one, A)
    world.later(30)
    kept(world.one, A, B)

    useless = world.one.failed(A)

    assert useless
    world.later(29)
    assert kept(world.one, A, B) == ["b"]
    world.later(1)
    assert kept(world.one, A, B) == ["a", "b"]


def test_of_many_environments_one_lets_one_request_through() -> None:
    world = World(environments=20)
    fail(world.one, A)
    world.later(30)
    for breaker in world.breakers:
        breaker.refresh()

    tried = [each for breaker in world.breakers for each in (kept(breaker, A, B), kept(breaker, A, B))]

    assert tried.count(["a", "b"]) == 1
    assert tried.count(["b"]) == 39


def test_what_one_environment_opened_and_closed_all_know_within_five_seconds() -> None:
    world = World(environments=2)
    one, other = world.breakers
    assert kept(other, A, B) == ["a", "b"]
    fail(one, A)

    world.later(5)
    after_opening = kept(other, A, B)
    world.later(25)
    kept(one, A, B)
    one.answered(A)
    world.later(5)

    assert after_opening == ["b"]
    assert kept(other, A, B) == ["a", "b"]


def test_a_route_whose_time_is_over_is_there_to_fall_back_on_without_a_claim() -> None:
    world = World()
    fail(world.one, B)
    world.later(31)
    world.one.refresh()
    world.table.calls.clear()

    assert kept(world.one, A, B) == ["a", "b"]
    assert world.table.calls == []


def test_where_all_are_open_the_one_that_opened_first_is_tried() -> None:
    world = World()
    fail(world.one, B)
    world.later(2)
    fail(world.one, A)
    world.later(2)
    fail(world.one, C)

    assert kept(world.one, A, B, C) == ["b"]


def test_a_single_route_is_always_tried() -> None:
    world = World()
    fail(world.one, A)

    assert kept(world.one, A) == ["a"]


def test_a_healthy_environment_reads_once_in_five_seconds_and_writes_nothing() -> None:
    world = World()

    for _ in range(100):
        kept(world.one, A, B)
        world.one.answered(A)
        world.later(0.1)

    assert world.table.calls == ["GetItem", "GetItem"]


def test_an_open_circuit_costs_one_write_however_often_it_fails() -> None:
    world = World()
    world.one.refresh()
    world.table.calls.clear()

    fail(world.one, A, 50)

    assert world.table.calls == ["UpdateItem"]


@pytest.mark.parametrize("act", [lambda world: fail(world.one, A), lambda world: kept(world.one, A, B)])
def test_a_table_that_is_down_takes_nothing_with_it(act: Callable[[World], object]) -> None:
    world = World()
    world.table.down = True

    act(world)

    fail(world.one, A)
    assert kept(world.one, A, B) == ["b"]
    world.later(30)
    assert kept(world.one, A, B) == ["a", "b"]
    world.one.answered(A)
    assert kept(world.one, A, B) == ["a", "b"]


class AnyCourse(RuleBasedStateMachine):
    """Any number of failures, successes, pauses and requests in three environments."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(environments=3)
        self.failures = 0

    environments = st.integers(0, 2)
    routes = st.sampled_from([A, B, C])

    @rule(environment=environments, which=routes, times=st.integers(1, 6))
    def fails(self, environment: int, which: Route, times: int) -> None:
        self.failures += times
        fail(self.world.breakers[environment], which, times)

    @rule(environment=environments, which=routes)
    def answers(self, environment: int, which: Route) -> None:
        self.world.breakers[environment].answered(which)

    @rule(seconds=st.sampled_from([0.1, 4.0, 5.0, 30.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.later(seconds)

    @rule(up=st.booleans())
    def the_table_comes_or_goes(self, up: bool) -> None:
        self.world.table.down = not up

    @rule(environment=environments, routes=st.permutations([A, B, C]))
    def a_request_has_something_to_try_and_loses_nothing(self, environment: int, routes: list[Route]) -> None:
        breaker = self.world.breakers[environment]
        breaker.refresh()

        to_try, left_alone = breaker.sift(routes)

        assert to_try
        assert sorted(each.name for each in (*to_try, *left_alone)) == sorted(each.name for each in routes)
        assert [each for each in routes if each in to_try] == to_try

    @precondition(lambda self: self.failures < 5)
    @invariant()
    def nothing_opens_before_its_fifth_failure(self) -> None:
        assert all(breaker.sift([A, B, C])[1] == [] for breaker in self.world.breakers)


AnyCourse.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_any_course_of_failures_and_recoveries_leaves_something_to_try = AnyCourse.TestCase
