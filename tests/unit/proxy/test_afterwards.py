"""All that follows an answer fits into what is kept back of a function's time, whatever fails, and however slowly."""

import json
from functools import cache
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.model import Hold
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.edge import serve
from aggregator.proxy.emit import UsageBus
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.walk import Collaborators
from aggregator.runtime import log
from aggregator.runtime.aws import AwsError, JsonObject
from tests.fakes.chat_world import (
    DONE,
    Clock,
    FakeKeys,
    FakeWallets,
    ScriptedResponse,
    ScriptedUpstream,
    body,
    chat_event,
    chunk,
    completion,
    counted,
    no_plan,
    route,
    usage_event,
)
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects
from tests.unit.orchestrator.samples import catalogue

LIMITED = Caller(key_id="k1", user_id="ann", limits={"concurrentRequests": 5})
CLIENTS_OWN_SECONDS = 8.0


class Stuck:
    """A service that does not answer: a call takes all the time that it may, by a clock of the test's."""

    def __init__(self, clock: Clock, works: Any = None, ends: float | None = None) -> None:
        self.clock = clock
        self.works = works
        self.ends = ends
        self.is_stuck = True

    def until(self, ends: float) -> "Stuck":
        hurried = Stuck(self.clock, self.works, ends)
        hurried.is_stuck = self.is_stuck
        return hurried

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if not self.is_stuck:
            answered: JsonObject = self.works.call(action, request)
            return answered
        own = self.clock.seconds + CLIENTS_OWN_SECONDS
        self.clock.seconds = max(self.clock.seconds, own if self.ends is None else min(own, self.ends))
        raise AwsError("TimedOut", action)


class TightWallets(FakeWallets):
    """A wallet whose money is tight, and whose table is stuck once something was held."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(available=1_000)
        self._stuck = Stuck(clock)

    def return_rest(self, user_id: str, hold: Hold, rest_nano_usd: int, *, ends: float | None = None) -> None:
        self.returned.append(rest_nano_usd)
        self._stuck.until(ends or 0).call("UpdateItem", {"of": (user_id, hold)})


class Context:
    """A Lambda context whose function has `seconds` left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1_000)


class Door:
    """A chat function whose bus, queue and table get stuck once the provider has been called."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *script: ScriptedResponse, takes: float, tight: bool = False
    ) -> None:
        self.clock = Clock(1_000.0)
        self.table = Stuck(self.clock, MemoryDynamoDb())
        self.table.is_stuck = False
        self.bus, self.queue = Stuck(self.clock), Stuck(self.clock)
        self.lost_at: list[float] = []
        upstream = ScriptedUpstream(*script)
        post = upstream.post

        def called(*args: Any) -> ScriptedResponse:
            self.table.is_stuck = True
            self.clock.seconds += takes
            return post(*args)

        upstream.post = called  # type: ignore[method-assign, assignment]
        error = log.error

        def noted(message: str, **fields: Any) -> None:
            if message == "usage_lost":
                self.lost_at.append(self.clock.seconds)
            error(message, **fields)

        monkeypatch.setattr(log, "error", noted)
        usage = UsageBus(self.bus, "b", self.queue, "q", monotonic=self.clock.monotonic)
        do = Collaborators(
            route=lambda *_: [route()],
            admit=admission(lambda _: catalogue()),
            wallets=TightWallets(self.clock) if tight else FakeWallets(),
            upstream=upstream,
            keys=FakeKeys(),
            emit=usage.emit,
            counts=LimitStore(self.table, "proxy"),
            answers=cache(lambda: AnswerStore(self.table, "proxy", cache(MemoryObjects))),
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            counted={},
            plans={},
            read_plan=no_plan,
        )
        self.handler = serve(CHAT, lambda: do)

    def ask(self, seconds: float, **fields: Any) -> bytes:
        event = chat_event(body(max_tokens=10, **fields))
        event["headers"] = {"idempotency-key": "k"}
        event["requestContext"]["authorizer"] = LIMITED.to_context()
        answer = self.handler(event, Context(seconds))
        return b"".join(answer.chunks)


def test_usage_that_bus_and_queue_refuse_at_the_deadline_is_logged_before_the_functions_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ScriptedResponse(chunk("hey"), UpstreamError("late", timed_out=True))
    door = Door(monkeypatch, broken, takes=50.0)

    said = door.ask(60, stream=True)

    lost = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"usage_lost"' in line]
    assert [each["event"]["outcome"] for each in lost] == ["deadline"]
    assert door.lost_at == [1_056.375]
    assert door.clock.seconds == 1_059.0
    assert b'"code":"provider_timeout"' in said.replace(b'": ', b'":')


def test_a_hold_that_does_not_come_back_leaves_all_that_follows_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = ScriptedResponse(chunk("hey"), UpstreamError("late", timed_out=True))
    door = Door(monkeypatch, broken, takes=50.0, tight=True)

    door.ask(60, stream=True)

    assert door.lost_at == [1_050 + 1.5 + 3 + 2.1]
    assert door.clock.seconds == 1_059.0


def test_a_plain_answer_at_the_deadline_reaches_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, ScriptedResponse(completion("hello", counted(10, 5))), takes=49.9)

    said = door.ask(60)

    assert b"hello" in said
    assert door.clock.seconds == 1_059.0


def test_an_early_answer_waits_no_longer_for_what_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ScriptedResponse(chunk("hey", "stop"), usage_event(10, 5), DONE)
    door = Door(monkeypatch, whole, takes=1.0)

    door.ask(900, stream=True)

    assert door.lost_at == [1_000 + 1 + 6.375]


def test_a_request_whose_time_is_over_says_its_usage_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ScriptedResponse(chunk("hey"), UpstreamError("late", timed_out=True))
    door = Door(monkeypatch, broken, takes=59.5)

    door.ask(60, stream=True)

    assert door.lost_at == [1_059.5]
