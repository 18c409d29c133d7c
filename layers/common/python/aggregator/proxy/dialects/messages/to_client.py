"""Writing an answer of the Messages API: the events of its stream, and the message they add up to.

Source: https://platform.claude.com/docs/en/api/messages/create and https://platform.claude.com/docs/en/build-with-claude/streaming.
"""

import json
from collections.abc import Iterator
from typing import Any

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject
from aggregator.proxy.dialects.chat.usage import usage_of
from aggregator.proxy.dialects.messages.errors import error_of
from aggregator.proxy.dialects.messages.tokens import estimated_tokens
from aggregator.proxy.dialects.reasoning import is_claudes, packed
from aggregator.proxy.dialects.rendering import receipt_in
from aggregator.proxy.dialects.steps import ARGUMENTS, CALL, REFUSAL, TEXT, THOUGHT, Step, text_in
from aggregator.proxy.model import Ask

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_PLACE_OF = {TEXT: "text", REFUSAL: "text", THOUGHT: "thinking", CALL: "tool_use", ARGUMENTS: "tool_use"}


class MessageWriter:
    """Writes one message. `message` is what the events so far add up to."""

    def __init__(self, ask: Ask, request_id: str) -> None:
        self._ask = ask
        self._open: JsonObject | None = None
        self._arguments = ""
        self._refused = False
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

    def begin(self, said: JsonObject) -> Iterator[JsonObject]:
        """See `Writer.begin`. What the input came to is an estimate here; the end has the count."""
        self.message["model"] = text_in(said, "model") or self.message["model"]
        yield {"type": "message_start", "message": {**self.message, "content": []}}
        yield {"type": "ping"}

    def step(self, step: Step) -> Iterator[JsonObject]:
        """See `Writer.step`."""
        match step.kind:
            case "text" | "refusal":
                self._refused = self._refused or step.kind == REFUSAL
                yield from self._begin({"type": "text", "text": ""})
                yield self._add("text", step.text, {"type": "text_delta", "text": step.text})
            case "thought":
                yield from self._begin({"type": "thinking", "thinking": "", "signature": ""})
                yield self._add("thinking", step.text, {"type": "thinking_delta", "thinking": step.text})
            case "seal":
                yield from self._seal(step.detail)
            case "call":
                yield from self._stop()
                yield from self._begin({"type": "tool_use", "id": step.id, "name": step.name, "input": {}})
            case "arguments":
                self._arguments += step.text
                yield self._delta({"type": "input_json_delta", "partial_json": step.text})

    def end(self, finish: str, stopped_at: str, usage: Any) -> Iterator[JsonObject]:
        """See `Writer.end`."""
        yield from self._stop()
        reason = _STOP_REASONS.get(finish, "end_turn")
        calls = any(block["type"] == "tool_use" for block in self.message["content"])
        stop: str | None = None
        if self._refused:
            reason = "refusal"
        elif calls and reason == "end_turn":
            reason = "tool_use"
        elif reason == "end_turn" and stopped_at in (self._ask.asked.get("stop_sequences") or ()):
            reason, stop = "stop_sequence", stopped_at
        self.message |= {"stop_reason": reason, "stop_sequence": stop, "usage": _usage(usage)}
        yield {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": stop},
            "usage": self.message["usage"],
        }
        yield {"type": "message_stop"}

    def fail(self, error: JsonObject) -> Iterator[JsonObject]:
        """See `Writer.fail`."""
        yield error_of(error)

    def alive(self) -> Iterator[JsonObject]:
        """See `Writer.alive`."""
        yield {"type": "ping"}

    def whole(self) -> JsonObject:
        """The message, once all was written."""
        return self.message

    def _seal(self, detail: JsonObject) -> Iterator[JsonObject]:
        """The end of a thought: what its provider wants back of it."""
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
        self._open = block
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


def _usage(said: Any) -> JsonObject:
    """Usage in this API's words: here what was read from a cache, or written to it, is no part of the input."""
    usage = usage_of(said) or Usage()
    return {
        "input_tokens": usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
        **receipt_in(said),
    }
