"""Requests of Responses at the edge, over a table in memory: the provider answers by script, in Responses or chat."""

import json
from dataclasses import dataclass, field
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.proxy.answers.kept_store import KeptResponseStore
from aggregator.proxy.answers.response_store import ResponseStore
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.edge import serve
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import Visit
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import CALLER, ScriptedResponse, World, chat_event, provider, route
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.unit.proxy.limits.limits_desk import FaultyAws

JsonObject = dict[str, Any]

FIRST = "01a21f24a658-first"
SECOND = "01a21f24b000-second"
THIRD = "01a21f24c000-third"


class Context:
    """A Lambda context with a minute left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def native(**fields: Any) -> Route:
    """A route to a provider that speaks Responses."""
    at = provider("openai", dialects=frozenset({"responses"}), house=True)
    capabilities = frozenset({"chat", "vision", "reasoning"})
    return route("openai", provider=at, capabilities=capabilities, **fields)


@dataclass
class Answered:
    """What a client got, and what the provider was asked for it."""

    status: int
    headers: dict[str, str]
    text: str
    sent: JsonObject

    @property
    def body(self) -> JsonObject:
        said: JsonObject = json.loads(self.text)
        return said

    @property
    def events(self) -> list[JsonObject]:
        return [json.loads(each.partition("data: ")[2]) for each in self.text.split("\n\n")[:-1]]

    @property
    def error(self) -> tuple[int, str, str | None, str]:
        said = self.body["error"]
        return self.status, said["code"], said["param"], said["message"]


@dataclass
class Shelf:
    """One table over several requests, each with a provider that answers once."""

    routes: list[Route] = field(default_factory=lambda: [native()])

    def __post_init__(self) -> None:
        self.aws = FaultyAws()
        self.store = KeptResponseStore(self.aws, "proxy", sleep=lambda _: None)
        self.answers = World().answers
        self.cached = ResponseStore(MemoryDynamoDb(), "proxy")
        self.held: list[int] = []

    def begun(
        self,
        *blocks: bytes | Exception,
        request_id: str = FIRST,
        caller: Caller = CALLER,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> tuple[StreamingResponse, World]:
        """The answer, its body not read."""
        world = World([ScriptedResponse(*blocks)] if blocks else [], available=10**9)

        def routed(caller: Caller, ask: Ask, visit: Visit) -> list[Route]:
            assert (caller.user_id, visit.request_id) == (ask.user_id, request_id)
            for each in self.routes:
                lanes.check(ask, each.via)
            return self.routes

        do = world.collaborators()._replace(
            route=routed,
            kept=lambda: self.store,
            answers=lambda: self.answers,
            cached=lambda: self.cached,
        )
        event = chat_event({"model": "mini"} | fields, "/v1/responses")
        event["requestContext"] |= {
            "requestId": request_id[13:],
            "requestTimeEpoch": int(request_id[:12], 16),
            "authorizer": caller.to_context(),
        }
        event["headers"] = headers or {}
        return serve(RESPONSES, lambda: do)(event, Context()), world

    def ask(self, *blocks: bytes | Exception, **fields: Any) -> Answered:
        """The whole answer."""
        answer, world = self.begun(*blocks, **fields)
        text = b"".join(answer.chunks).decode()
        self.held = world.wallets.held
        upstream = world.upstream.requests
        return Answered(
            answer.status, dict(answer.headers), text, json.loads(upstream[0].body) if upstream else {}
        )

    @property
    def items(self) -> list[JsonObject]:
        """What is stored, without keys."""
        return list(self.aws.inner.items.values())


RESPONSE: JsonObject = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt", "error": None,
    "incomplete_details": None, "instructions": None, "metadata": {}, "parallel_tool_calls": True,
    "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0, "store": False,
    "previous_response_id": None, "output": [],
    "usage": {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
              "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 15},
}  # fmt: skip
THOUGHT: JsonObject = {"type": "reasoning", "id": "rs_68ab", "summary": [], "encrypted_content": "sealed"}
CALL: JsonObject = {
    "type": "function_call", "id": "fc_68ab", "call_id": "call_1", "name": "find", "arguments": "{}",
    "status": "completed",
}  # fmt: skip


def said(text: str, message_id: str = "msg_68ab") -> JsonObject:
    """An item of words as OpenAI says it."""
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "type": "message", "id": message_id, "role": "assistant", "status": "completed", "content": [part],
    }  # fmt: skip


def plain(*items: JsonObject, response_id: str = "resp_1") -> bytes:
    """A response of the provider."""
    return json.dumps(RESPONSE | {"id": response_id, "output": list(items)}).encode()


def streamed(*items: JsonObject, response_id: str = "resp_1") -> bytes:
    """The same as a stream; each item comes as it is, and a message with its words before."""
    response = RESPONSE | {"id": response_id}
    begun = response | {"status": "in_progress", "usage": None}
    events: list[JsonObject] = [{"type": "response.created", "sequence_number": 0, "response": begun}]
    for n, each in enumerate(items):
        at = {"output_index": n, "sequence_number": 0}
        events.append({"type": "response.output_item.added", "item": each, **at})
        if each["type"] == "message":
            delta = {"item_id": each["id"], "content_index": 0, "delta": each["content"][0]["text"]}
            events.append({"type": "response.output_text.delta", "logprobs": [], **delta, **at})
        events.append({"type": "response.output_item.done", "item": each, **at})
    whole = response | {"output": list(items)}
    return sse(*events, {"type": "response.completed", "sequence_number": 9, "response": whole})


def sse(*events: JsonObject) -> bytes:
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events)
