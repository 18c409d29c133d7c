"""A surface in front of the walk of tests/fakes/chat_world.py: what goes upstream, and what the client sees."""

import json
from collections.abc import Iterable
from typing import Any

from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.walk import walk
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import CALLER, ScriptedResponse, World, chat_event, chunk, completion, visit

JsonObject = dict[str, Any]


def served(surface: Surface, world: World, asked: JsonObject) -> StreamingResponse:
    ask = surface.read(chat_event(asked))
    return walk(CALLER, ask, visit(world.clock), world.collaborators())


def sent(world: World) -> JsonObject:
    """What the first call took to the provider."""
    body: JsonObject = json.loads(world.upstream.requests[0].body)
    return body


def plain(surface: Surface, asked: JsonObject, answer: bytes) -> JsonObject:
    """What a client gets for a plain answer of the provider."""
    body = b"".join(served(surface, World([ScriptedResponse(answer)]), asked).chunks)
    said: JsonObject = json.loads(body)
    return said


def streamed(surface: Surface, asked: JsonObject, *blocks: bytes | Exception) -> list[JsonObject]:
    """The events that a client gets for a stream of the provider."""
    world = World([ScriptedResponse(*blocks)])
    return events_of(served(surface, world, asked | {"stream": True}).chunks)


def events_of(chunks: Iterable[bytes]) -> list[JsonObject]:
    """Events off the wire; each is named twice, in its `event:` line and its `type`."""
    events = []
    for event in b"".join(chunks).decode().split("\n\n")[:-1]:
        name, data = event.split("\n")
        said = json.loads(data.removeprefix("data: "))
        assert name == f"event: {said['type']}"
        events.append(said)
    return events


def message(**fields: Any) -> bytes:
    """A plain answer whose message has these fields; `finish` is its reason."""
    finish = fields.pop("finish", "stop")
    usage = fields.pop("usage", {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15})
    said: JsonObject = json.loads(completion(usage=usage))
    said["choices"] = [
        {"index": 0, "message": {"role": "assistant", "content": None} | fields, "finish_reason": finish}
    ]
    return json.dumps(said).encode()


def delta(finish: str | None = None, **fields: Any) -> bytes:
    """One event of a stream whose delta has these fields."""
    return chunk(choices=[{"index": 0, "delta": fields, "finish_reason": finish}])


def call(index: int, arguments: str, call_id: str | None = None, name: str | None = None) -> JsonObject:
    """A piece of a tool call."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"index": index, "function": function} | ({"id": call_id, "type": "function"} if call_id else {})
