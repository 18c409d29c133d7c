"""The edge of the hot path: event in, answer out, and every refusal in the one envelope."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.errors import InsufficientQuota, ModelNotFound
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.edge import serve
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import Collaborators, Visit
from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    REQUEST_ID,
    Clock,
    FakeKeys,
    FakeWallets,
    ScriptedResponse,
    ScriptedUpstream,
    body,
    chat_event,
    completion,
    counted,
    no_plan,
    route,
)
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects
from tests.unit.orchestrator.samples import catalogue


class Context:
    """A Lambda context with a minute left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Door:
    """The handler of the chat routes over fakes, and what it logged."""

    def __init__(self, capsys: pytest.CaptureFixture[str], failure: Exception | None = None) -> None:
        self.capsys = capsys
        self.upstream = ScriptedUpstream(ScriptedResponse(completion("hello", counted(10, 5))))
        self.emitted: list[object] = []
        self.visits: list[Visit] = []
        self.failure = failure
        clock = Clock(100.0)
        collaborators = Collaborators(
            route=self._route,
            admit=admission(lambda _: catalogue()),
            counts=LimitStore(MemoryDynamoDb(), "proxy"),
            answers=cache(lambda: AnswerStore(MemoryDynamoDb(), "proxy", cache(MemoryObjects))),
            wallets=FakeWallets(),
            upstream=self.upstream,
            keys=FakeKeys(),
            emit=self.emitted.append,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            counted={},
            plans={},
            read_plan=no_plan,
        )
        self.handler = serve(CHAT, lambda: collaborators)

    def _route(self, caller: Caller, ask: Ask, visit: Visit) -> Sequence[Route]:
        assert (caller.user_id, ask.model) == ("ann", "mini")
        self.visits.append(visit)
        return [route()] if self.failure is None else _throw(self.failure)

    def ask(self, event: JsonObject) -> tuple[int, JsonObject, StreamingResponse]:
        answer = self.handler(event, Context())
        return answer.status, json.loads(b"".join(answer.chunks)), answer

    def logged(self) -> list[JsonObject]:
        return [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]


def _throw(failure: Exception) -> Any:
    raise failure


def test_the_path_published_first_answers_201_and_openais_path_200(
    capsys: pytest.CaptureFixture[str],
) -> None:
    statuses = [
        Door(capsys).ask(chat_event(body(), resource))[0]
        for resource in ("/proxy/openai/chat/completions", "/v1/chat/completions")
    ]

    assert statuses == [201, 200]


def test_time_is_kept_back_to_settle_in(capsys: pytest.CaptureFixture[str]) -> None:
    door = Door(capsys)

    door.ask(chat_event(body()))

    assert door.upstream.deadlines == [100.0 + 60 - 10]


def test_a_request_is_one_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    door = Door(capsys)

    door.ask(chat_event(body(), "/v1/chat/completions"))

    (line,) = door.logged()
    assert (line["message"], line["level"], line["status"]) == ("request", "INFO", 200)
    assert (line["request_id"], line["route"]) == (REQUEST_ID, "POST /v1/chat/completions")


@pytest.mark.parametrize(
    ("failure", "status", "code", "level"),
    [
        (ModelNotFound("No such model.", param="model"), 404, "model_not_found", "INFO"),
        (InsufficientQuota("Too little."), 402, "insufficient_quota", "INFO"),
        (AwsError("ThrottlingException", "internal words"), 503, "service_unavailable", "ERROR"),
        (ZeroDivisionError("internal words"), 500, "internal_error", "ERROR"),
    ],
)
def test_every_refusal_comes_in_the_envelope_with_the_request_id(
    capsys: pytest.CaptureFixture[str], failure: Exception, status: int, code: str, level: str
) -> None:
    door = Door(capsys, failure)

    seen, said, answer = door.ask(chat_event(body()))

    assert seen == status
    assert said["error"]["code"] == code
    assert said["error"]["request_id"] == answer.headers["x-request-id"] == REQUEST_ID
    assert answer.headers["Content-Type"] == "application/json"
    lines = door.logged()
    assert (lines[0]["level"], lines[0]["request_id"]) == (level, REQUEST_ID)
    assert "internal words" not in json.dumps([said, lines])
    assert door.emitted == []


def test_a_busy_store_asks_to_come_again(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, answer = Door(capsys, AwsError("ThrottlingException")).ask(chat_event(body()))

    assert answer.headers["Retry-After"] == "1"


def test_a_defect_is_logged_by_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    door = Door(capsys, ZeroDivisionError())

    door.ask(chat_event(body()))

    trace = door.logged()[0]["trace"]
    assert trace[0] == "ZeroDivisionError"
    assert trace[-1].endswith(" _throw")


def test_without_an_authorizer_nobody_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    event = chat_event(body())
    event["requestContext"]["authorizer"] = None

    status, said, _ = Door(capsys).ask(event)

    assert (status, said["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("sent", "status", "param"),
    [("{", 400, None), (body(n="x"), 400, "n"), ("x" * 6_300_000, 413, None)],
)
def test_a_bad_body_is_refused(
    capsys: pytest.CaptureFixture[str], sent: JsonObject | str, status: int, param: str | None
) -> None:
    door = Door(capsys)

    seen, said, _ = door.ask(chat_event(sent))

    assert (seen, said["error"]["param"]) == (status, param)
    assert door.upstream.requests == []


@pytest.mark.parametrize("said", [None, "priority", "weighted", "cheapest", "latency"])
def test_a_request_may_say_by_what_its_routes_are_ranked(
    capsys: pytest.CaptureFixture[str], said: str | None
) -> None:
    event = chat_event(body())
    event["headers"] = {} if said is None else {"X-Aggregator-Strategy": said}
    door = Door(capsys)

    status, _, _ = door.ask(event)

    assert (status, door.visits[0].strategy) == (200, said)


def test_a_strategy_that_does_not_exist_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    event = chat_event(body())
    event["headers"] = {"x-aggregator-strategy": "luck"}

    status, said, _ = Door(capsys).ask(event)

    assert (status, said["error"]["param"]) == (400, "x-aggregator-strategy")


@pytest.mark.parametrize(
    ("of_key", "header", "may_cap"),
    [
        ("lower", None, True),
        ("lower", "refuse", False),
        ("refuse", None, False),
        ("refuse", "lower", True),
    ],
)
def test_a_cap_is_refused_if_the_request_says_so_or_else_its_key(
    capsys: pytest.CaptureFixture[str], of_key: str, header: str | None, may_cap: bool
) -> None:
    door = Door(capsys)
    event = chat_event(body())
    event["requestContext"]["authorizer"] = CALLER._replace(cap=of_key).to_context()
    event["headers"] = {} if header is None else {"X-Aggregator-Cap": header}

    door.ask(event)

    assert [visit.may_cap for visit in door.visits] == [may_cap]


def test_another_word_for_what_becomes_of_a_cap_is_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    event = chat_event(body()) | {"headers": {"x-aggregator-cap": "REFUSE"}}

    status, said, _ = Door(capsys).ask(event)

    assert (status, said["error"]["param"]) == (400, "x-aggregator-cap")
    assert said["error"]["message"] == "x-aggregator-cap: must be one of lower, refuse"
