"""What Anthropic's Messages API answers, as a chat completion: whole, or its stream of events.

Standard library only. Sources: https://platform.claude.com/docs/en/api/messages/create (the answer),
https://platform.claude.com/docs/en/build-with-claude/streaming (the events). Blocks and events of kinds that are not
known here are passed over: Anthropic adds new ones within a version.
"""

from collections.abc import Iterator
from typing import Any

from aggregator.errors import ProviderUnreadable
from aggregator.proxy.dialects.chat.spoken import is_no_chunk
from aggregator.proxy.dialects.chat.usage import usage_of
from aggregator.proxy.dialects.messages.provider_errors import raise_error
from aggregator.proxy.dialects.messages.to_provider import DETAILS_FORMAT
from aggregator.proxy.dialects.writing import (
    Chunks,
    Said,
    compact,
    completion,
    objects,
    read_json,
    text,
    tool_call,
)
from aggregator.proxy.model import JsonObject, Progress
from aggregator.runtime.sse import json_events

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_PING = b": ping\n\n"


def decode(body: bytes, progress: Progress) -> bytes:
    """Plain answer as a chat completion; its usage goes into `progress`.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no JSON, or no message.
    """
    answer = read_json(body)
    raise_error(answer)
    if not isinstance(answer.get("content"), list):
        raise ProviderUnreadable("The provider answered without a completion.")
    said = Said()
    for block in objects(answer, "content"):
        _read_block(block, said)
    reason = answer.get("stop_reason")
    if reason == "refusal" and not said.content:
        said.refusal = text(answer.get("stop_details"), "explanation")
    choice = {"index": 0, "message": said.message(), "finish_reason": _finish(reason), **_stopped_at(answer)}
    return completion(
        text(answer, "id"), text(answer, "model"), [choice], usage_of(answer.get("usage")), progress
    )


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """Stream as chat completion chunks; pings become comments.

    Counts are taken as they come: what `message_start` says of the input holds if the stream breaks off.

    Raises:
        ProviderFailed: an error, or what cannot be read, came in the stream.
        UpstreamError: the stream broke off.
    """
    reader = _Reader(progress)
    for event in json_events(blocks):
        yield from reader.read(event)
        if event.get("type") == "message_stop":
            return  # whatever the connection does then


def _read_block(block: JsonObject, said: Said) -> None:
    match block.get("type"):
        case "text":
            said.content.append(text(block, "text"))
        case "thinking" | "redacted_thinking":
            if thought := text(block, "thinking"):
                said.reasoning.append(thought)
            said.reasoning_details.append(_detail(block, len(said.reasoning_details)))
        case "tool_use":
            arguments = compact(block.get("input") or {})
            said.tool_calls.append(tool_call(text(block, "id"), text(block, "name"), arguments))


def _detail(block: JsonObject, index: int) -> JsonObject:
    """A block of thinking, to come back as it is with the next request."""
    if block.get("type") == "redacted_thinking":
        said = {"type": "reasoning.encrypted", "data": text(block, "data")}
    else:
        said = {
            "type": "reasoning.text",
            "text": text(block, "thinking"),
            "signature": text(block, "signature"),
        }
    return {**said, "format": DETAILS_FORMAT, "index": index}


def _stopped_at(said: Any) -> JsonObject:
    """Which of the stop sequences ended the answer: OpenAI's form has no field for it, vLLM's `stop_reason` is it."""
    sequence = text(said, "stop_sequence")
    return {"stop_reason": sequence} if sequence else {}


def _finish(reason: Any) -> str:
    return _FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"


class _Reader:
    """Reads the events of one stream in their order."""

    def __init__(self, progress: Progress) -> None:
        self._chunks = Chunks(progress)
        self._usage: JsonObject = {}
        self._block: JsonObject = {}
        self._calls = -1
        self._details = 0

    def read(self, event: JsonObject) -> Iterator[bytes]:
        """The chunks that an event becomes."""
        raise_error(event)
        if "type" not in event and is_no_chunk(event):
            raise ProviderUnreadable("The provider failed in mid-stream.")
        match event.get("type"):
            case "ping" | None:
                yield _PING
            case "message_start":
                message = event.get("message")
                self._chunks.name(text(message, "id"), text(message, "model"))
                self._count(message)
            case "content_block_start":
                yield from self._start(event.get("content_block"))
            case "content_block_delta":
                yield from self._delta(event.get("delta"))
            case "content_block_stop":
                yield from self._stop()
            case "message_delta":
                yield from self._end(event)

    def _start(self, block: Any) -> Iterator[bytes]:
        self._block = dict(block) if isinstance(block, dict) else {}
        match self._block.get("type"):
            case "text":
                yield self._chunks.delta({"content": text(self._block, "text")})
            case "thinking":
                thought = text(self._block, "thinking")
                yield self._chunks.delta({"reasoning_content": thought} if thought else {})
            case "tool_use":
                self._calls += 1
                arguments = compact(self._block["input"]) if self._block.get("input") else ""
                call = tool_call(text(self._block, "id"), text(self._block, "name"), arguments)
                yield self._chunks.delta({"tool_calls": [{"index": self._calls, **call}]})

    def _delta(self, delta: Any) -> Iterator[bytes]:
        kind = text(delta, "type")
        if kind == "text_delta" and (words := text(delta, "text")):
            yield self._chunks.delta({"content": words})
        elif kind == "thinking_delta" and (words := text(delta, "thinking")):
            self._block["thinking"] = text(self._block, "thinking") + words
            yield self._chunks.delta({"reasoning_content": words})
        elif kind == "signature_delta":
            self._block["signature"] = text(self._block, "signature") + text(delta, "signature")
        elif self._block.get("type") == "tool_use" and (words := text(delta, "partial_json")):
            self._block["streamed"] = True
            yield self._arguments(words)

    def _stop(self) -> Iterator[bytes]:
        block, self._block = self._block, {}
        kind = block.get("type")
        if kind in ("thinking", "redacted_thinking"):
            yield self._chunks.delta({"reasoning_details": [_detail(block, self._details)]})
            self._details += 1
        elif kind == "tool_use" and not block.get("streamed") and not block.get("input"):
            yield self._arguments("{}")

    def _arguments(self, words: str) -> bytes:
        return self._chunks.delta({"tool_calls": [{"index": self._calls, "function": {"arguments": words}}]})

    def _end(self, event: JsonObject) -> Iterator[bytes]:
        """Counts are cumulative, and complete with the reason to stop."""
        delta = event.get("delta")
        reason = delta.get("stop_reason") if isinstance(delta, dict) else None
        if reason is None or self._chunks.has_ended():
            self._count(event)
            return
        if isinstance(delta, dict) and reason == "refusal":
            explanation = text(delta.get("stop_details"), "explanation")
            if explanation and not self._chunks.has_begun():
                yield self._chunks.delta({"refusal": explanation})
        self._count(event)
        yield self._chunks.finish(_finish(reason), **_stopped_at(delta))

    def _count(self, said: Any) -> None:
        usage = said.get("usage") if isinstance(said, dict) else None
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}
            self._chunks.count(usage_of(self._usage))
