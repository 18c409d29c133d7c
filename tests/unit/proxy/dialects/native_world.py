"""Native providers for tests: asks for them, what went out, and answers held against the SDKs' own types."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from google.genai import types
from openai.lib.streaming._deltas import accumulate_delta
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import TypeAdapter

from aggregator.billing.price import Price
from aggregator.proxy.dialects.lanes import adapter_of
from aggregator.proxy.dialects.protocols import Adapter
from aggregator.proxy.exchange import Progress, UpstreamRequest
from tests.fakes.chat_world import NANO_A_TOKEN, JsonObject, ask, provider, way
from tests.fakes.translated import decoded, streamed

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0xLjQK"
WEATHER: JsonObject = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "minLength": 1}},
            "required": ["city"],
        },
    },
}
_DIALECTS = {"anthropic": "messages", "gemini": "gemini"}
_BASE_URLS = {
    "anthropic": "https://api.anthropic.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
}


def called(call_id: str = "call_1", city: str = "Rome", **fields: Any) -> JsonObject:
    """A call as OpenAI writes it."""
    function = {"name": "weather", "arguments": json.dumps({"city": city})}
    return {"id": call_id, "type": "function", "function": function} | fields


@dataclass
class Native:
    """One native provider's adapter, under a model of its own."""

    protocol: str
    model: str
    output_tokens: int = 4096
    progress: Progress = field(default_factory=Progress)
    price: Price = NANO_A_TOKEN

    @property
    def adapter(self) -> Adapter:
        return adapter_of(self.protocol)

    def request(self, key: str | None = "key-1", **fields: Any) -> UpstreamRequest:
        at = provider(self.protocol, protocol=self.protocol, base_url=_BASE_URLS[self.protocol])
        on = way(output_tokens=self.output_tokens, provider=at, upstream_model=self.model, price=self.price)
        return self.adapter.encode(ask(**fields), on, key)

    def sent(self, **fields: Any) -> JsonObject:
        body: JsonObject = json.loads(self.request(**fields).body)
        return body

    def answered(self, answer: bytes | JsonObject) -> JsonObject:
        """What the client gets of a plain answer; it parses as OpenAI's."""
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        said: JsonObject = json.loads(decoded(_DIALECTS[self.protocol], body, self.progress))
        ChatCompletion.model_validate(said)
        return said

    def chunks(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """A stream as it goes to the client."""
        return streamed(_DIALECTS[self.protocol], blocks, self.progress)

    def streamed(self, *blocks: bytes) -> list[JsonObject]:
        """The chunks the client gets of a stream, without comments; each parses as OpenAI's."""
        run = b"".join(self.chunks(blocks))
        chunks = [json.loads(event[6:]) for event in run.split(b"\n\n") if event.startswith(b"data: ")]
        for chunk in chunks:
            ChatCompletionChunk.model_validate(chunk)
        return chunks


def deltas(chunks: Iterable[JsonObject], index: int = 0) -> list[JsonObject]:
    """What each chunk of a choice adds."""
    choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
    return [choice["delta"] for choice in choices]


def joined(chunks: Iterable[JsonObject], name: str, index: int = 0) -> str:
    """The words of one field over a whole stream."""
    return "".join(delta.get(name) or "" for delta in deltas(chunks, index))


def calls_joined(chunks: Iterable[JsonObject]) -> list[tuple[str, str, str]]:
    """Calls of a stream, put together by index as clients do: id, name, arguments."""
    whole: dict[int, list[str]] = {}
    for delta in deltas(chunks):
        for piece in delta.get("tool_calls", ()):
            call = whole.setdefault(piece["index"], ["", "", ""])
            call[0] += piece.get("id") or ""
            call[1] += piece["function"].get("name") or ""
            call[2] += piece["function"].get("arguments") or ""
    return [(call[0], call[1], call[2]) for _, call in sorted(whole.items())]


def put_together(chunks: Iterable[JsonObject]) -> JsonObject:
    """The message of a stream, as OpenAI's own client puts it together."""
    message: dict[object, object] = {}
    for delta in deltas(chunks):
        message = accumulate_delta(message, cast("dict[object, object]", delta))
    return cast("JsonObject", message)


def parses_as(kind: Any, said: JsonObject) -> bool:
    """Whether a body is of the SDK's type, down to its last field: what the type does not know would be missing."""
    return bool(_plain(_type_of(kind).validate_python(said)) == said)


def sent_to_anthropic(
    model: str = "claude-opus-5-5", output_tokens: int = 4096, price: Price = NANO_A_TOKEN, **fields: Any
) -> JsonObject:
    """The body; it is of the SDK's own type, which left the sampling fields with the API version of 2026-10-21."""
    body = Native("anthropic", model, output_tokens, price=price).sent(**fields)
    known = {name: value for name, value in body.items() if name not in ("temperature", "top_p", "top_k")}
    assert parses_as(
        MessageCreateParamsStreaming if body.get("stream") else MessageCreateParamsNonStreaming, known
    )
    return body


def sent_to_gemini(model: str = "gemini-3.8-flash", output_tokens: int = 4096, **fields: Any) -> JsonObject:
    """The body; it is of the SDK's own types, which take no field they do not know."""
    body = Native("gemini", model, output_tokens).sent(**fields)
    assert set(body) <= {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig"}
    for content in [*body["contents"], body.get("systemInstruction", {})]:
        types.Content.model_validate(content)
    for tool in body.get("tools", ()):
        types.Tool.model_validate(tool)
    types.ToolConfig.model_validate(body.get("toolConfig", {}))
    types.GenerationConfig.model_validate(body["generationConfig"])
    return body


@cache
def _type_of(kind: Any) -> TypeAdapter[Any]:
    """The type's checker, kept: it is slow to build, and is read as an iterable's items are taken."""
    return TypeAdapter(kind)


def _plain(value: Any) -> Any:
    """Read to the end: pydantic checks an iterable's items only as they are taken."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(each) for each in value]
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(each) for each in value]
    return value
