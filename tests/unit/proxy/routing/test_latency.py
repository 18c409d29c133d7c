"""What environments measure of routes, each for itself and together."""

import pytest

from aggregator.proxy.routing.latency import Latencies
from aggregator.proxy.routing.store import RouteStore
from aggregator.runtime.aws import UNREACHABLE, AwsError, JsonObject
from tests.fakes.chat_world import ask, route
from tests.fakes.memory_dynamodb import MemoryDynamoDb

A, B = route("a"), route("b")
STREAMED, PLAIN = ask(stream=True), ask()


class World:
    """Two environments over one table."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0
        self.table = MemoryDynamoDb()
        store = RouteStore(self.table, "proxy")
        self.one, self.other = Latencies(store, lambda: self.now), Latencies(store, lambda: self.now)


def test_what_nobody_measured_is_not_known() -> None:
    assert World().one.of(A, STREAMED) is None


def test_the_average_follows_what_is_new() -> None:
    world = World()

    world.one.note(A, STREAMED, 100)
    world.one.note(A, STREAMED, 200)

    assert world.one.of(A, STREAMED) == pytest.approx(120)


def test_a_whole_answer_is_not_compared_with_a_first_token() -> None:
    world = World()

    world.one.note(A, PLAIN, 5_000)

    assert world.one.of(A, STREAMED) is None


def test_environments_learn_from_each_other() -> None:
    world = World()
    world.one.note(A, STREAMED, 100.4)
    world.one.exchange()

    called = world.other.exchange()

    assert called
    assert world.other.of(A, STREAMED) == 100
    assert world.other.of(B, STREAMED) is None


def test_an_exchange_is_one_call_in_half_a_minute() -> None:
    world = World()
    world.one.note(A, STREAMED, 100)

    calls = []
    for _ in range(60):
        calls.append(world.one.exchange())
        world.now += 1

    assert calls.count(True) == 2
    assert world.table.calls == ["UpdateItem", "GetItem"]


def test_only_news_is_told() -> None:
    world = World()
    world.one.note(A, STREAMED, 100)
    world.one.exchange()
    world.now += 30

    world.one.note(A, STREAMED, 150)  # the average is 110
    world.one.exchange()
    world.now += 30
    world.one.note(A, STREAMED, 1_000)
    world.one.exchange()

    assert world.table.calls == ["UpdateItem", "GetItem", "UpdateItem"]
    assert world.one.of(A, STREAMED) == 280


def test_a_table_that_is_down_loses_nothing_of_ones_own() -> None:
    class Down:
        def call(self, action: str, request: JsonObject) -> JsonObject:
            raise AwsError(UNREACHABLE, f"{action} {request['TableName']}")

    latencies = Latencies(RouteStore(Down(), "proxy"), lambda: 0.0)
    latencies.note(A, STREAMED, 100)

    assert latencies.exchange()
    assert latencies.of(A, STREAMED) == 100
