"""Writing an answer of the Messages API: the events of its stream, and the message they add up to.

Source: https://platform.claude.com/docs/en/api/messages/create and https://platform.claude.com/docs/en/build-with-claude/streaming.
"""

import json
from collections.abc import Iterator

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject, Refusal, envelope
from aggregator.proxy.dialects.citations import within
from aggregator.proxy.dialects.events import (
    CALLS,
    FILTERED,
    LENGTH,
    REFUSAL,
    STOP,
    TEXT,
    WINDOW,
    Event,
    text_in,
)
from aggregator.proxy.dialects.messages.client_errors import error_of
from aggregator.proxy.dialects.messages.tokens import estimated_tokens
from aggregator.proxy.dialects.native import named_event
from aggregator.proxy.dialects.reasoning import is_claudes, packed
from aggregator.proxy.model import Ask

_STOP_REASONS = {
    STOP: "end_turn",
    LENGTH: "max_tokens",
    WINDOW: "model_context_window_exceeded",
    CALLS: "tool_use",
    FILTERED: "refusal",
}


class Writer:
    """Writes one message; see `translation.Writer`. `message` is what the events so far add up to."""

    one_choice = True

    def __init__(self, ask: Ask, request_id: str) -> None:
        self._ask = ask
        self._open: JsonObject | None = None
        self._arguments = ""
        self._refused = False
        self._said = self._began = 0
        self.message: JsonObject = {
            "id": f"msg_{request_id}",
            "type": "message",
            "role": "assistant",
            "model": ask.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": estimated_tokens(ask), "output_tokens": 0},
        }

    def begin(self, answer_id: str, model: str) -> Iterator[bytes]:
        """See `translation.Writer.begin`. What the input came to is an estimate here; the end has the count."""
        del answer_id  # it is named after the request
        self.message["model"] = model or self.message["model"]
        yield named_event({"type": "message_start", "message": {**self.message, "content": []}})
        yield named_event({"type": "ping"})

    def write(self, event: Event) -> Iterator[bytes]:
        """See `translation.Writer.write`."""
        return map(named_event, self._events_of(event))

    def end(self, usage: Usage, receipt: JsonObject) -> Iterator[bytes]:
        """See `translation.Writer.end`."""
        stopped = {name: self.message[name] for name in ("stop_reason", "stop_sequence")}
        yield named_event({"type": "message_delta", "delta": stopped, "usage": {**_usage(usage), **receipt}})
        yield named_event({"type": "message_stop"})

    def fail(self, refused: Refusal, request_id: str) -> Iterator[bytes]:
        """See `translation.Writer.fail`."""
        yield named_event(error_of(envelope(refused, request_id)["error"]))

    def whole(self, usage: Usage) -> JsonObject:
        """See `translation.Writer.whole`."""
        estimated = {"estimated": True} if usage.estimated else {}
        return self.message | {"usage": {**_usage(usage), **estimated}}

    def _events_of(self, event: Event) -> Iterator[JsonObject]:
        match event.kind:
            case "alive":
                yield {"type": "ping"}
            case "text" | "refusal":
                self._refused = self._refused or event.kind == REFUSAL
                if event.apart and self._open is not None and self._open["type"] == "text":
                    yield from self._stop()
                yield from self._begin({"type": "text", "text": ""})
                self._said += len(event.text) if event.kind == TEXT else 0
                yield self._add("text", event.text, {"type": "text_delta", "text": event.text})
            case "thought":
                yield from self._begin({"type": "thinking", "thinking": "", "signature": ""})
                yield self._add("thinking", event.text, {"type": "thinking_delta", "thinking": event.text})
            case "cited":
                yield from self._cite(event)
            case "seal":
                yield from self._seal(event)
            case "call":
                yield from self._stop()
                yield from self._begin({"type": "tool_use", "id": event.id, "name": event.name, "input": {}})
                yield from self._argue(event.text)
            case "arguments":
                yield from self._argue(event.text)
            case "end":
                yield from self._stop()
                self._end(event)

    def _argue(self, words: str) -> Iterator[JsonObject]:
        if words:
            self._arguments += words
            yield self._delta({"type": "input_json_delta", "partial_json": words})

    def _end(self, event: Event) -> None:
        reason, stop = _STOP_REASONS[event.text], None
        if self._refused:
            reason = "refusal"
        elif event.text == STOP and event.stopped_at in (self._ask.asked.get("stop_sequences") or ()):
            reason, stop = "stop_sequence", event.stopped_at
        self.message |= {"stop_reason": reason, "stop_sequence": stop}

    def _cite(self, event: Event) -> Iterator[JsonObject]:
        """A source of the words that are being said; for words of an earlier block it comes too late."""
        if event.citation is None or self._open is None or self._open["type"] != "text":
            return
        here = within(event.citation, self._began, self._said - self._began)
        if here is not None:
            from aggregator.proxy.dialects.messages.citations import for_client  # noqa: PLC0415 (few answers have any)

            said = for_client(here)
            self._open.setdefault("citations", []).append(said)
            yield self._delta({"type": "citations_delta", "citation": said})

    def _seal(self, event: Event) -> Iterator[JsonObject]:
        """The end of a thought: what its provider wants back of it."""
        if not event.is_sealed:
            return
        detail = event.detail
        signature = text_in(detail, "signature")
        if detail.get("type") == "reasoning.encrypted" or not signature:
            data = text_in(detail, "data") if is_claudes(detail) else packed(detail)
            yield from self._begin({"type": "redacted_thinking", "data": data})
        else:
            if not is_claudes(detail):
                signature = packed({name: value for name, value in detail.items() if name != "text"})
            yield from self._begin({"type": "thinking", "thinking": "", "signature": ""})
            yield self._add("signature", signature, {"type": "signature_delta", "signature": signature})
        yield from self._stop()

    def _begin(self, block: JsonObject) -> Iterator[JsonObject]:
        """Begin a block, unless one of its kind is open."""
        if self._open is not None and self._open["type"] == block["type"]:
            return
        yield from self._stop()
        self._open, self._began = block, self._said
        self.message["content"].append(block)
        yield {"type": "content_block_start", "index": self._index, "content_block": dict(block)}

    def _stop(self) -> Iterator[JsonObject]:
        block, self._open = self._open, None
        if block is None:
            return
        if block["type"] == "tool_use":
            block["input"] = _input(self._arguments)
            self._arguments = ""
        yield {"type": "content_block_stop", "index": self._index}

    def _add(self, name: str, words: str, delta: JsonObject) -> JsonObject:
        self.message["content"][-1][name] += words
        return self._delta(delta)

    def _delta(self, delta: JsonObject) -> JsonObject:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}

    @property
    def _index(self) -> int:
        return len(self.message["content"]) - 1


def _input(arguments: str) -> JsonObject:
    """A call's input. What is no object stands in `arguments`: the model's mistake is the client's to answer."""
    try:
        said = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {"arguments": arguments}


def _usage(usage: Usage) -> JsonObject:
    """Usage in this API's words: here what was read from a cache, or written to it, is no part of the input."""
    return {
        "input_tokens": usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }
