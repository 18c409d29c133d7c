"""Writing an answer of the Responses API: the events of its stream, and the response they add up to.

Source: OpenAI API reference, "The response object" and "Streaming events".
"""

from collections.abc import Iterator
from typing import Any

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject, Refusal, envelope
from aggregator.proxy.dialects.citations import within
from aggregator.proxy.dialects.events import (
    ALIVE,
    ARGUMENTS,
    CALL,
    CITED,
    END,
    FILTERED,
    LENGTH,
    REFUSAL,
    SEAL,
    TEXT,
    THOUGHT,
    WINDOW,
    Event,
)
from aggregator.proxy.dialects.native import named_event
from aggregator.proxy.dialects.responses.client_errors import failure
from aggregator.proxy.dialects.responses.custom import CustomCallItem, customs_in
from aggregator.proxy.dialects.responses.from_client import namespaces_of
from aggregator.proxy.dialects.responses.parts import CallItem, MessageItem, ReasoningItem
from aggregator.proxy.model import Ask

_INCOMPLETE = {LENGTH: "max_output_tokens", WINDOW: "max_output_tokens", FILTERED: "content_filter"}
# What the answer repeats of the request, and what it says where the request says nothing.
_REPEATED: JsonObject = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "prompt_cache_key": None,
    "service_tier": "default",
    "temperature": None,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": None,
    "user": None,
}


_Item = CallItem | ReasoningItem | MessageItem
_ITEMS: dict[str, type[_Item]] = {
    THOUGHT: ReasoningItem,
    SEAL: ReasoningItem,
    TEXT: MessageItem,
    REFUSAL: MessageItem,
    CALL: CallItem,
    ARGUMENTS: CallItem,
}


class Writer:
    """Writes one response; see `translation.Writer`. `response` is what the events so far add up to."""

    one_choice = True

    def __init__(self, ask: Ask, request_id: str) -> None:
        asked = ask.asked
        self._id = request_id
        self._next = self._said = 0
        self._item: _Item | None = None
        self._namespaces = namespaces_of(asked)
        self._customs = customs_in(asked)
        text = asked.get("text") or {}
        self.response: JsonObject = {
            "id": f"resp_{request_id}",
            "object": "response",
            "created_at": int(request_id[:12], 16) // 1000,
            "status": "in_progress",
            "background": False,
            "error": None,
            "incomplete_details": None,
            "model": ask.model,
            "output": [],
            "previous_response_id": None,
            "store": False,
            "text": {**text, "format": text.get("format") or {"type": "text"}},
            "truncation": "disabled",
            "usage": None,
        } | {
            name: otherwise if asked.get(name) is None else asked[name]
            for name, otherwise in _REPEATED.items()
        }

    def begin(self, answer_id: str, model: str) -> Iterator[bytes]:
        """See `translation.Writer.begin`."""
        del answer_id  # it is named after the request
        self.response["model"] = model or self.response["model"]
        yield self._event("response.created", response=self._so_far())
        yield self._event("response.in_progress", response=self._so_far())

    def write(self, event: Event) -> Iterator[bytes]:
        """See `translation.Writer.write`."""
        if event.kind == END:
            reason = _INCOMPLETE.get(event.text)
            status = "incomplete" if reason else "completed"
            yield from self._close(status)
            self.response["status"] = status
            self.response["incomplete_details"] = {"reason": reason} if reason else None
        elif event.kind == CITED:
            yield from self._cite(event)
        elif event.kind != ALIVE and (event.kind != SEAL or event.is_sealed):
            yield from self._open(_ITEMS[event.kind], event)
            if self._item is not None:
                yield from self._numbered(self._item.add(event))
            self._said += len(event.text) if event.kind == TEXT else 0

    def _cite(self, event: Event) -> Iterator[bytes]:
        """A source of the part that is being said; for words of an earlier one it comes too late."""
        if event.citation is None or not isinstance(self._item, MessageItem):
            return
        length = len(self._item.words)
        here = within(event.citation, self._said - length, length)
        if here is not None:
            yield from self._numbered(self._item.cite(here))

    def end(self, usage: Usage, receipt: JsonObject) -> Iterator[bytes]:
        """See `translation.Writer.end`."""
        self.response["usage"] = {**_usage(usage), **receipt}
        yield self._event(f"response.{self.response['status']}", response=self._so_far())

    def fail(self, refused: Refusal, request_id: str) -> Iterator[bytes]:
        """See `translation.Writer.fail`."""
        yield from self._close("incomplete")
        yield from failure(envelope(refused, request_id)["error"], self._so_far(), self._next)

    def whole(self, usage: Usage) -> JsonObject:
        """See `translation.Writer.whole`."""
        estimated = {"estimated": True} if usage.estimated else {}
        return self.response | {"usage": {**_usage(usage), **estimated}}

    def _so_far(self) -> JsonObject:
        return {**self.response, "output": list(self.response["output"])}

    def _open(self, kind: type[_Item], step: Event) -> Iterator[bytes]:
        """Begin an item for this step, unless it goes on with the one that is open."""
        if isinstance(self._item, kind) and self._item.takes_more and step.kind != CALL:
            return
        if step.kind == CALL and step.name in self._customs:
            kind = CustomCallItem
        yield from self._close("completed")
        place = len(self.response["output"])
        self._item = kind(f"{kind.prefix}_{self._id}_{place}", place, step)
        if step.kind == CALL and step.name in self._namespaces:
            self._item.item["namespace"] = self._namespaces[step.name]
        self.response["output"].append(self._item.item)
        yield from self._numbered(self._item.begin())

    def _close(self, status: str) -> Iterator[bytes]:
        item, self._item = self._item, None
        if item is not None:
            yield from self._numbered(item.end(status))

    def _numbered(self, events: Iterator[JsonObject]) -> Iterator[bytes]:
        for event in events:
            yield self._event(**event)

    def _event(self, type: str, **fields: Any) -> bytes:  # noqa: A002 - the field's own name
        event = named_event({"type": type, "sequence_number": self._next, **fields})
        self._next += 1
        return event


def _usage(usage: Usage) -> JsonObject:
    """Usage in this API's words."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
