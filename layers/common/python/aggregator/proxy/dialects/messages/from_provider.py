"""What Anthropic's Messages API answers, as events: its stream, or a message as the stream that says it at once.

Standard library only. Sources: https://platform.claude.com/docs/en/api/messages/create (the answer),
https://platform.claude.com/docs/en/build-with-claude/streaming (the events). Blocks and events of kinds that are not
known here are passed over: Anthropic adds new ones within a version.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aggregator.errors import ProviderUnreadable
from aggregator.proxy.dialects.answering import compact, read_json
from aggregator.proxy.dialects.claude import DETAILS_FORMAT
from aggregator.proxy.dialects.events import (
    ALIVE,
    ARGUMENTS,
    CALL,
    CALLS,
    CITED,
    END,
    FILTERED,
    LENGTH,
    NAMED,
    REFUSAL,
    SEAL,
    STOP,
    TEXT,
    THOUGHT,
    WINDOW,
    Event,
    counted,
    objects_of,
    text_in,
)
from aggregator.proxy.dialects.messages.citations import citation_in
from aggregator.proxy.dialects.messages.provider_errors import raise_error
from aggregator.proxy.dialects.under_200 import is_no_chunk
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import JsonObject
from aggregator.runtime.sse import json_runs

_FINISH = {
    "end_turn": STOP,
    "stop_sequence": STOP,
    "pause_turn": STOP,
    "max_tokens": LENGTH,
    "model_context_window_exceeded": WINDOW,
    "tool_use": CALLS,
    "refusal": FILTERED,
}


def streamed(blocks: Iterator[bytes]) -> Iterator[Iterator[JsonObject]]:
    """The events of a stream, in runs as they come.

    Raises:
        ProviderUnreadable: what is no event of JSON came.
        UpstreamError: the stream broke off.
    """
    return json_runs(blocks)


def replayed(body: bytes) -> Iterator[JsonObject]:
    """A message as the events that say it at once.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no JSON, or no message.
    """
    message = read_json(body)
    raise_error(message)
    if not isinstance(message.get("content"), list):
        raise ProviderUnreadable("The provider answered without a completion.")
    yield {"type": "message_start", "message": {name: message.get(name) for name in ("id", "model")}}
    for block in objects_of(message, "content"):
        yield {"type": "content_block_start", "content_block": block}
        yield {"type": "content_block_stop"}
    reason = message.get("stop_reason") or "end_turn"
    yield {
        "type": "message_delta",
        "delta": {**message, "stop_reason": reason},
        "usage": message.get("usage"),
    }
    yield {"type": "message_stop"}


class Reader:
    """Reads the events of one answer in their order. `ended`: nothing follows.

    Counts are taken as they come: what `message_start` says of the input holds if the stream breaks off.
    """

    def __init__(self, _progress: Progress) -> None:
        self._usage: JsonObject = {}
        self._block: JsonObject = {}
        self._spoke = False
        self._said = self._began = 0
        self._stopped = False
        self.ended = False

    def read(self, said: JsonObject) -> Iterator[Event]:
        """What an event says.

        Raises:
            ProviderFailed: it is an error.
            ProviderUnreadable: it is no event.
        """
        raise_error(said)
        if "type" not in said and is_no_chunk(said):
            raise ProviderUnreadable("The provider failed in mid-stream.")
        match said.get("type"):
            case "ping" | None:
                yield Event(ALIVE)
            case "message_start":
                message = said.get("message")
                yield Event(NAMED, id=text_in(message, "id"), name=text_in(message, "model"))
                yield from self._count(message)
            case "content_block_start":
                yield from self._start(said.get("content_block"))
            case "content_block_delta":
                yield from self._delta(said.get("delta"))
            case "content_block_stop":
                yield from self._stop()
            case "message_delta":
                yield from self._end(said)
            case "message_stop":
                self.ended = True

    def _start(self, block: Any) -> Iterator[Event]:
        self._block = dict(block) if isinstance(block, dict) else {}
        match self._block.get("type"):
            case "text":
                self._began = self._said
                yield from self._text(text_in(self._block, "text"))
            case "thinking" if thought := text_in(self._block, "thinking"):
                yield Event(THOUGHT, thought)
            case "tool_use":
                arguments = compact(self._block["input"]) if self._block.get("input") else ""
                yield Event(CALL, arguments, id=text_in(self._block, "id"), name=text_in(self._block, "name"))

    def _text(self, words: str) -> Iterator[Event]:
        if words:
            self._spoke = True
            yield Event(TEXT, words, apart=self._said == self._began)
            self._said += len(words)

    def _delta(self, delta: Any) -> Iterator[Event]:
        kind = text_in(delta, "type")
        if kind == "text_delta":
            yield from self._text(text_in(delta, "text"))
        elif kind == "thinking_delta" and (words := text_in(delta, "thinking")):
            self._block["thinking"] = text_in(self._block, "thinking") + words
            yield Event(THOUGHT, words)
        elif kind == "citations_delta":
            self._block["citations"] = [*objects_of(self._block, "citations"), delta.get("citation")]
        elif kind == "signature_delta":
            self._block["signature"] = text_in(self._block, "signature") + text_in(delta, "signature")
        elif self._block.get("type") == "tool_use" and (words := text_in(delta, "partial_json")):
            self._block["streamed"] = True
            yield Event(ARGUMENTS, words)

    def _stop(self) -> Iterator[Event]:
        block, self._block = self._block, {}
        kind = block.get("type")
        if kind in ("thinking", "redacted_thinking"):
            yield Event(SEAL, detail=_detail(block))
        elif kind == "text" and self._said > self._began:
            for said in objects_of(block, "citations"):
                if (citation := citation_in(said)) is not None:
                    yield Event(CITED, citation=replace(citation, span=(self._began, self._said)))
        elif kind == "tool_use" and not block.get("streamed") and not block.get("input"):
            yield Event(ARGUMENTS, "{}")

    def _end(self, said: JsonObject) -> Iterator[Event]:
        """Counts are cumulative, and complete with the reason to stop."""
        delta = said.get("delta")
        reason = delta.get("stop_reason") if isinstance(delta, dict) else None
        if reason is not None and not self._stopped:
            self._stopped = True
            if reason == "refusal" and not self._spoke:
                explanation = (
                    text_in(delta.get("stop_details"), "explanation") if isinstance(delta, dict) else ""
                )
                yield from [Event(REFUSAL, explanation)] if explanation else []
            yield from self._count(said)
            finish = _FINISH.get(reason, STOP) if isinstance(reason, str) else STOP
            yield Event(END, finish, stopped_at=text_in(delta, "stop_sequence"))
        else:
            yield from self._count(said)

    def _count(self, said: Any) -> Iterator[Event]:
        usage = said.get("usage") if isinstance(said, dict) else None
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}
            yield from counted(usage_of(self._usage))


def _detail(block: JsonObject) -> JsonObject:
    """A block of thinking, to come back as it is with the next request."""
    if block.get("type") == "redacted_thinking":
        said = {"type": "reasoning.encrypted", "data": text_in(block, "data")}
    else:
        said = {
            "type": "reasoning.text",
            "text": text_in(block, "thinking"),
            "signature": text_in(block, "signature"),
        }
    return {**said, "format": DETAILS_FORMAT}
