"""What routing costs in calls to AWS: nothing on a healthy warm request, whatever its strategy."""

import time
from collections.abc import Iterator
from functools import cache

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.transaction import Order, book
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.response_store import ResponseStore
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.edge import serve
from aggregator.proxy.emit import UsageBus
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.routing.breaker import READ_SECONDS, Breaker
from aggregator.proxy.routing.latency import Latencies
from aggregator.proxy.routing.store import RouteStore
from aggregator.proxy.routing.switchboard import Switchboard
from aggregator.proxy.upstream.http import HttpUpstream
from aggregator.proxy.walk import Collaborators, Visit
from aggregator.runtime.aws import JsonObject
from local.standin import StandIn
from tests.fakes.chat_world import FakeKeys, body, chat_event, no_plan, provider, route
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects
from tests.unit.orchestrator.samples import catalogue

CHAT_CALLS = ["UpdateItem", "PutEvents"]


class Context:
    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Platform:
    """The chat function over two routes to the stand-in; its environment's clock is ours."""

    def __init__(self, standin: StandIn) -> None:
        self.now = time.time()
        self.dynamodb = MemoryDynamoDb()
        self.upstream = HttpUpstream(this_machine=True)
        shared = RouteStore(self.dynamodb, "proxy")
        board = Switchboard(Breaker(shared, lambda: self.now), Latencies(shared, lambda: self.now))
        root = standin.base_url.removesuffix("/v1")
        routes = [
            route(name, provider=provider(name, base_url=f"{root}/{name}/v1"), order=order)
            for order, name in enumerate(("openai", "groq"))
        ]

        def choose(caller: Caller, ask: Ask, visit: Visit) -> list[Route]:
            assert caller.user_id == "ann"
            return board.choose(routes, ask=ask, seed=visit.request_id, wanted=visit.strategy)

        store = GrantStore(self.dynamodb, "billing")
        order = Order("c1", "ann", "credit", 10**9, "2026-11-23T12:00:00.000Z")
        book(store, order, now_epoch_seconds=0, sleep=lambda _: None)
        collaborators = Collaborators(
            route=choose,
            admit=admission(lambda _: catalogue()),
            counts=LimitStore(self.dynamodb, "proxy"),
            answers=cache(lambda: AnswerStore(self.dynamodb, "proxy", cache(MemoryObjects))),
            wallets=store,
            upstream=self.upstream,
            keys=FakeKeys(),
            emit=UsageBus(bus=self, bus_name="b", queue=self, queue_url="q").emit,
            monotonic=time.monotonic,
            sleep=lambda _: None,
            counted={},
            plans={},
            read_plan=no_plan,
            watch=board,
            cached=lambda: ResponseStore(self.dynamodb, "proxy"),
        )
        self.handler = serve(CHAT, lambda: collaborators)

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """The bus."""
        assert request["Entries"]
        self.dynamodb.calls.append(action)
        return {"FailedEntryCount": 0}

    def chat(self, said: str = "hello", **headers: str) -> list[str]:
        """Calls to AWS of one chat."""
        self.dynamodb.calls.clear()
        event = chat_event(body(messages=[{"role": "user", "content": said}]))
        event["headers"] = headers
        answer = self.handler(event, Context())
        b"".join(answer.chunks)
        assert answer.status == 200
        return list(self.dynamodb.calls)


@pytest.fixture
def platform() -> Iterator[Platform]:
    with StandIn() as standin:
        made = Platform(standin)
        yield made
        made.upstream.close()


@pytest.mark.parametrize("strategy", ["priority", "weighted", "cheapest", "latency"])
def test_a_healthy_warm_request_makes_the_two_calls_of_the_walk(platform: Platform, strategy: str) -> None:
    for _ in range(2):  # the second one may have averages to exchange
        platform.chat(**{"x-aggregator-strategy": strategy})

    calls = [platform.chat(**{"x-aggregator-strategy": strategy}) for _ in range(5)]

    assert calls == [CHAT_CALLS] * 5


def test_every_five_seconds_one_request_reads_which_circuits_are_open(platform: Platform) -> None:
    platform.chat()
    platform.now += READ_SECONDS

    due, next_one = platform.chat(), platform.chat()

    assert (due, next_one) == (["GetItem", *CHAT_CALLS], CHAT_CALLS)


def test_a_fallback_makes_no_call_more(platform: Platform) -> None:
    platform.chat()

    calls = platform.chat("[[standin on=openai status=429 retry-after=60]] hello")

    assert calls == CHAT_CALLS


def test_the_circuit_that_opens_makes_one(platform: Platform) -> None:
    platform.chat()

    calls = [platform.chat("[[standin on=openai status=429 retry-after=60]] hello") for _ in range(7)]

    assert [len(each) for each in calls] == [2, 2, 2, 2, 3, 2, 2]
