"""The header Idempotency-Key from event to answer: one provider call and one charge."""

import json
import re
from functools import cache
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.edge import serve
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.walk import Collaborators
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    NOW,
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
from tests.unit.orchestrator.samples import catalogue, data
from tests.unit.proxy.answers.idempotency_desk import read

JsonObject = dict[str, Any]

SURFACES: list[tuple[Surface, JsonObject]] = [
    (CHAT, {"messages": [{"role": "user", "content": "hi"}]}),
    (RESPONSES, {"input": "hi"}),
    (MESSAGES, {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}),
]


class Context:
    """A Lambda context with a minute left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Door:
    """The handler of a surface over fakes."""

    def __init__(self, *script: ScriptedResponse, surface: Surface = CHAT) -> None:
        self.table = MemoryDynamoDb()
        self.wallets = FakeWallets()
        self.upstream = ScriptedUpstream(*script)
        self.emitted: list[object] = []
        self.catalogue = catalogue()
        clock = Clock(100.0)
        collaborators = Collaborators(
            route=lambda *_: [route()],
            admit=admission(lambda _: self.catalogue),
            wallets=self.wallets,
            upstream=self.upstream,
            keys=FakeKeys(),
            emit=self.emitted.append,
            counts=LimitStore(self.table, "proxy"),
            answers=cache(lambda: AnswerStore(self.table, "proxy", cache(MemoryObjects))),
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            counted={},
            plans={},
            read_plan=no_plan,
        )
        self.handler = serve(surface, lambda: collaborators)

    def ask(
        self,
        content: JsonObject,
        key: str | None = "k",
        by: Caller = CALLER,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> StreamingResponse:
        event = chat_event(content)
        event["headers"] = (headers or {}) | ({} if key is None else {"idempotency-key": key})
        event["requestContext"]["authorizer"] = by.to_context()
        event["requestContext"] |= context
        return self.handler(event, Context())


def streamed() -> ScriptedResponse:
    return ScriptedResponse(chunk("hey", "stop"), usage_event(10, 5), DONE)


@pytest.mark.promise("once")
def test_a_request_that_is_sent_twice_is_called_and_charged_once() -> None:
    door = Door(ScriptedResponse(completion("hello", counted(10, 5))))
    first = read(door.ask(body()))

    second = door.ask(body(), requestId="another")

    assert read(second) == first
    assert second.headers["x-aggregator-replayed"] == "true"
    assert second.headers["x-request-id"].endswith("-another")
    assert (len(door.upstream.requests), len(door.emitted), len(door.wallets.held)) == (1, 1, 1)


def test_without_the_header_no_call_is_made_for_it() -> None:
    door = Door(ScriptedResponse(completion("hello", counted(10, 5))))

    read(door.ask(body(), key=None))

    assert door.table.calls == []


def without_receipt(stream: bytes) -> bytes:
    return re.sub(rb',?"(?:cost_usd|hold_usd|balance_usd|request_id)":"[^"]*"', b"", stream)


def cost_in(stream: bytes) -> str | None:
    found = re.search(rb'"cost_usd":"([^"]*)"', stream)
    return found and found[1].decode()


@pytest.mark.parametrize(("surface", "fields"), SURFACES)
def test_a_stream_of_every_surface_is_sent_again_whole(surface: Surface, fields: JsonObject) -> None:
    door = Door(streamed(), surface=surface)
    content = {"model": "mini", "stream": True} | fields
    first = read(door.ask(content))

    again = door.ask(content)

    sent_again = read(again)
    assert b"hey" in first
    assert sent_again.count(b"\n\n") == first.count(b"\n\n")
    assert without_receipt(sent_again) == without_receipt(first)
    assert cost_in(sent_again) in (None, "0.00")
    assert again.headers["Content-Type"].startswith("text/event-stream")
    assert len(door.emitted) == 1


@pytest.mark.parametrize(("surface", "fields"), SURFACES)
def test_a_stream_that_was_cut_may_be_tried_again(surface: Surface, fields: JsonObject) -> None:
    door = Door(ScriptedResponse(chunk("hey")), streamed(), surface=surface)
    content = {"model": "mini", "stream": True} | fields

    read(door.ask(content))
    again = read(door.ask(content))

    assert b"hey" in again
    assert len(door.emitted) == 2


def test_another_body_is_refused_with_422_in_the_envelope() -> None:
    door = Door(ScriptedResponse(completion("hello", counted(10, 5))))
    read(door.ask(body()))

    refused = door.ask(body(temperature=1))

    assert refused.status == 422
    assert json.loads(read(refused))["error"]["code"] == "idempotency_key_reused"


def test_an_odd_key_is_refused_before_anything_happens() -> None:
    door = Door()

    refused = door.ask(body(), key="k" * 256)

    assert refused.status == 400
    assert door.table.calls == []


def test_a_key_without_the_scope_gets_no_stored_answer() -> None:
    door = Door(ScriptedResponse(completion("hello", counted(10, 5))))
    read(door.ask(body()))
    narrow = CALLER.__class__(key_id="k2", user_id=CALLER.user_id, scopes=("billing:read",))

    refused = door.ask(body(), authorizer=narrow.to_context())

    assert refused.status == 403


@pytest.mark.parametrize(("surface", "content"), SURFACES, ids=lambda each: getattr(each, "name", ""))
@pytest.mark.parametrize("cache", [{}, {"x-aggregator-cache": "3600"}])
def test_a_repetition_goes_to_a_key_that_may_call_the_model_and_to_no_other(
    surface: Surface, content: JsonObject, cache: dict[str, str]
) -> None:
    answers = [ScriptedResponse(completion("hello", counted(10, 5))) for _ in range(2)]
    door = Door(*answers, surface=surface)
    said = {"model": "mini", **content}
    first = read(door.ask(said, headers=cache))

    limits: list[dict[str, Any]] = [
        {"allowed_models": ("oss-20b",)},
        {"allowed_models": ("groq/mini", "groq/*")},
        {"scopes": ("models:read",)},
        {"expires_at": NOW},
        {"allowed_ips": ("198.51.100.0/24",)},
    ]
    refused = [
        door.ask(said, by=CALLER._replace(key_id="k2", **limit), headers=cache).status for limit in limits
    ]
    allowed = [("mini",), ("m*",), ("cheap",), ("openai/mini",), ("openai/*",), ("openai/mini-2024",)]
    given = [
        read(door.ask(said, by=CALLER._replace(allowed_models=models), headers=cache)) for models in allowed
    ]

    assert refused == [403, 403, 403, 401, 403]
    assert given == [first] * 6
    assert len(door.upstream.requests) == 1


def test_an_answer_of_a_model_that_the_name_stood_for_before_is_not_for_a_key_that_may_not_call_it() -> None:
    door = Door(ScriptedResponse(completion("hello", counted(10, 5))))
    first = read(door.ask(body(model="cheap")))
    door.catalogue = catalogue({**data(), "aliases": {"cheap": "oss-20b"}})

    only_new = door.ask(body(model="cheap"), by=CALLER._replace(allowed_models=("oss-20b",)))
    anybody = read(door.ask(body(model="cheap")))

    assert (only_new.status, anybody) == (403, first)
