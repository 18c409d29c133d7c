"""Bedrock's side of the wire for tests: frames of an event stream, answers, and botocore's view of both."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from struct import pack
from typing import Any
from zlib import crc32

import botocore.session
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape

from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Way
from tests.fakes.chat_world import provider, way
from tests.fakes.translated import streamed as as_chat

JsonObject = dict[str, Any]

BASE_URL = "https://bedrock-runtime.us-east-1.amazonaws.com"
CLAUDE = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-pro-v1:0"
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"


def bedrock_way(model: str = CLAUDE, output_tokens: int = 2_000, base_url: str = BASE_URL) -> Way:
    """A way to a model over Converse."""
    served_by = provider("bedrock-converse", name="Amazon Bedrock", protocol="bedrock", base_url=base_url)
    return way("bedrock", output_tokens, provider=served_by, upstream_model=model)


def frame(payload: bytes, headers: Mapping[str, str] | None = None, raw_headers: bytes = b"") -> bytes:
    """One frame, with headers of type string and those given as bytes."""
    said = b"".join(
        pack(">B", len(name)) + name.encode() + b"\x07" + pack(">H", len(value.encode())) + value.encode()
        for name, value in (headers or {}).items()
    )
    said += raw_headers
    prelude = pack(">II", len(said) + len(payload) + 16, len(said))
    whole = prelude + pack(">I", crc32(prelude)) + said + payload
    return whole + pack(">I", crc32(whole))


def event(name: str, **said: Any) -> bytes:
    """One event of ConverseStream."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(json.dumps({**said, "p": "abcdefgh"}).encode(), headers)


def exception(name: str, message: str) -> bytes:
    """An exception in mid-stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(json.dumps({"message": message}).encode(), headers)


def text_delta(words: str, block: int = 0) -> bytes:
    return event("contentBlockDelta", delta={"text": words}, contentBlockIndex=block)


def usage(**changes: int) -> JsonObject:
    return {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15} | changes


def hello(stop: str = "end_turn") -> list[bytes]:
    """A whole stream that says hello."""
    return [
        event("messageStart", role="assistant"),
        text_delta("hel"),
        text_delta("lo"),
        event("contentBlockStop", contentBlockIndex=0),
        event("messageStop", stopReason=stop),
        event("metadata", usage=usage(), metrics={"latencyMs": 7}),
    ]


def start_call(block: int, call_id: str = "tooluse_1", name: str = "weather") -> bytes:
    """The beginning of a call of a tool."""
    return event(
        "contentBlockStart", start={"toolUse": {"toolUseId": call_id, "name": name}}, contentBlockIndex=block
    )


def argument(block: int, piece: str) -> bytes:
    return event("contentBlockDelta", delta={"toolUse": {"input": piece}}, contentBlockIndex=block)


def thought(block: int, **piece: str) -> bytes:
    return event("contentBlockDelta", delta={"reasoningContent": piece}, contentBlockIndex=block)


def stop_block(block: int) -> bytes:
    return event("contentBlockStop", contentBlockIndex=block)


def end(stop: str = "end_turn") -> bytes:
    return event("messageStop", stopReason=stop)


def answer(*content: JsonObject, stop: str = "end_turn", **changes: Any) -> bytes:
    """A whole answer of Converse."""
    said: JsonObject = {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": usage(),
        "metrics": {"latencyMs": 7},
    }
    return json.dumps(said | changes).encode()


RICH = (
    event("messageStart", role="assistant"),
    thought(0, text="h"),
    thought(0, text="m"),
    thought(0, signature="sig"),
    stop_block(0),
    thought(1, redactedContent="cXV4"),
    stop_block(1),
    text_delta("Let me see.", 2),
    stop_block(2),
    start_call(3, "a"),
    argument(3, '{"city": '),
    argument(3, '"Rome"}'),
    stop_block(3),
    start_call(4, "b", "now"),
    stop_block(4),
    end("tool_use"),
    event("metadata", usage=usage(cacheReadInputTokens=4), metrics={"latencyMs": 7}),
)
"""Events of a stream in which the model thinks, speaks and calls two tools."""


def streamed(
    blocks: Iterable[bytes], progress: Progress | None = None, model: str = CLAUDE
) -> list[JsonObject]:
    """Chunks that a stream becomes."""
    progress = progress or Progress(model=model)
    return [
        json.loads(chunk.removeprefix(b"data: ").removesuffix(b"\n\n"))
        for chunk in as_chat("converse", iter(blocks), progress)
    ]


@cache
def service() -> ServiceModel:
    """botocore's model of Bedrock's runtime."""
    return botocore.session.get_session().get_service_model("bedrock-runtime")


def structure(name: str) -> StructureShape:
    """A structure or union of Bedrock's."""
    shape = service().shape_for(name)
    assert isinstance(shape, StructureShape)
    return shape


def members_of(name: str) -> Mapping[str, Shape]:
    """Members of a structure or union of Bedrock's."""
    return structure(name).members


def samples(shape: Shape, depth: int = 0) -> Iterator[Any]:
    """JSON values of a shape: one for each member of a union, and for a structure one with all its members."""
    if getattr(shape, "is_document_type", False):
        yield {"city": "Paris"}
    elif isinstance(shape, StructureShape) and shape.is_tagged_union:
        for name, member in shape.members.items():
            yield from ({name: value} for value in samples(member, depth + 1))
    elif isinstance(shape, StructureShape):
        options = {
            name: list(samples(member, depth + 1))
            for name, member in shape.members.items()
            if depth < _DEEPEST
        }
        for n in range(max((len(each) for each in options.values()), default=1)):
            yield {name: values[n % len(values)] for name, values in options.items()}
    elif isinstance(shape, ListShape):
        yield from ([value] for value in samples(shape.member, depth + 1))
    elif isinstance(shape, StringShape) and shape.enum:
        yield from shape.enum
    else:
        yield _PLAIN[shape.type_name]


_DEEPEST = 9
_PLAIN: dict[str, Any] = {
    "blob": b64encode(b"blob").decode(),
    "boolean": True,
    "integer": 1,
    "long": 1,
    "map": {},
    "string": "word",
}
