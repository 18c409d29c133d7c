"""Writing an answer as a chat completion: the chunks of its stream, and the completion they add up to.

Standard library only. Source of the forms: OpenAI API reference, "The chat completion object" and "The chat completion
chunk object". Two fields are common extensions: `reasoning_content` holds what the model thought, in words, and
`reasoning_details` what the provider wants back unchanged with the next request (source of its form: OpenRouter API
reference, "Reasoning tokens"; `after` is ours, and tells how many characters and calls came before it). A client that
returns the assistant's message as it came keeps both.
"""

import time
from collections.abc import Iterator

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject, Refusal, envelope
from aggregator.proxy.dialects.annotations import of_chat
from aggregator.proxy.dialects.events import (
    ALIVE,
    LENGTH,
    REFUSAL,
    TEXT,
    THOUGHT,
    WINDOW,
    Event,
)
from aggregator.proxy.dialects.usage import usage_json
from aggregator.proxy.model import Ask
from aggregator.runtime.sse import DONE, data_event

_WORDS = {THOUGHT: "reasoning_content", TEXT: "content", REFUSAL: "refusal"}
_HEARTBEAT = b": heartbeat\n\n"


class Writer:
    """Writes one answer; see `translation.Writer`."""

    one_choice = False

    def __init__(self, ask: Ask, request_id: str) -> None:
        self._ask = ask
        self._base: JsonObject = {
            "id": f"chatcmpl-{request_id}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": ask.model,
        }
        self._choices: dict[int, _Choice] = {}

    def begin(self, answer_id: str, model: str) -> Iterator[bytes]:
        """See `translation.Writer.begin`: nothing is said of an answer before its first words."""
        self._base |= {"id": answer_id or self._base["id"], "model": model or self._base["model"]}
        yield from ()

    def write(self, event: Event) -> Iterator[bytes]:
        """See `translation.Writer.write`."""
        if event.kind == ALIVE:
            yield _HEARTBEAT
            return
        choice = self._choices.get(event.choice)
        first = choice is None
        if choice is None:
            choice = self._choices[event.choice] = _Choice(event.choice)
        said = choice.add(event)
        if said is None or not self._ask.stream:
            return
        if first:
            said["delta"] = {"role": "assistant", "content": "", **said["delta"]}
        yield data_event({**self._base, "choices": [said]})

    def end(self, usage: Usage, receipt: JsonObject) -> Iterator[bytes]:
        """See `translation.Writer.end`."""
        if self._ask.wants_usage:
            told = {**usage_with_details(usage), **receipt}
            yield data_event({**self._base, "choices": [], "usage": told})
        yield DONE

    def fail(self, refused: Refusal, request_id: str) -> Iterator[bytes]:
        """See `translation.Writer.fail`."""
        yield data_event(envelope(refused, request_id))

    def whole(self, usage: Usage) -> JsonObject:
        """See `translation.Writer.whole`."""
        told = usage_with_details(usage)
        if usage.estimated:
            told["estimated"] = True
        return {
            **self._base,
            "object": "chat.completion",
            "choices": [choice.whole() for _, choice in sorted(self._choices.items())],
            "usage": told,
        }


class _Choice:
    """What one choice has said so far, in the fields of an assistant's message."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._words: dict[str, list[str]] = {}
        self._calls: list[JsonObject] = []
        self._arguments: list[list[str]] = []
        self._details: list[JsonObject] = []
        self._annotations: list[JsonObject] = []
        self._logprobs: list[JsonObject] = []
        self._end: JsonObject = {"finish_reason": None}

    def _after(self) -> JsonObject:
        """What was said before a thought that is not the first thing, for it has to go back to its place."""
        if not (self._characters or self._calls):
            return {}
        return {"after": {"characters": self._characters, "calls": len(self._calls)}}

    @property
    def _characters(self) -> int:
        return sum(map(len, self._words.get("content", ())))

    def add(self, event: Event) -> JsonObject | None:
        """The chunk's choice of one event; None for a source that this form has no word for."""
        said: JsonObject = {"index": self._index, "delta": {}, "finish_reason": None}
        match event.kind:
            case "thought" | "text" | "refusal":
                name = _WORDS[event.kind]
                self._words.setdefault(name, []).append(event.text)
                said["delta"] = {name: event.text}
                if event.logprobs:
                    self._logprobs += event.logprobs
                    said["logprobs"] = {"content": event.logprobs, "refusal": None}
            case "cited":
                annotation = event.citation and of_chat(event.citation, self._characters)
                if not annotation:
                    return None
                self._annotations.append(annotation)
                said["delta"] = {"annotations": [annotation]}
            case "seal":
                detail = {**event.detail, "index": len(self._details), **self._after()}
                self._details.append(detail)
                said["delta"] = {"reasoning_details": [detail]}
            case "call":
                call = _call(event)
                self._calls.append(call)
                self._arguments.append([event.text])
                said["delta"] = {"tool_calls": [{"index": len(self._calls) - 1, **call}]}
            case "arguments" if self._calls:
                self._arguments[-1].append(event.text)
                kind, name = _ARGUMENTS[self._calls[-1]["type"]]
                piece = {"index": len(self._calls) - 1, kind: {name: event.text}}
                said["delta"] = {"tool_calls": [piece]}
            case "end":
                finish = LENGTH if event.text == WINDOW else event.text
                # OpenAI's form has no field for the text that ended an answer: vLLM's `stop_reason` is it
                beside = {"stop_reason": event.stopped_at} if event.stopped_at else {}
                self._end = {"finish_reason": finish, **beside}
                said |= self._end
        return said

    def whole(self) -> JsonObject:
        """The choice; what was not said is left out."""
        for call, pieces in zip(self._calls, self._arguments, strict=True):
            kind, name = _ARGUMENTS[call["type"]]
            call[kind][name] = "".join(pieces)
        words = {name: "".join(said) for name, said in self._words.items()}
        message: JsonObject = {
            "role": "assistant",
            "content": words.get("content") or (None if self._calls else ""),
        }
        message |= {name: words[name] for name in ("refusal", "reasoning_content") if words.get(name)}
        if self._calls:
            message["tool_calls"] = self._calls
        if self._annotations:
            message["annotations"] = self._annotations
        if self._details:
            message["reasoning_details"] = self._details
        choice: JsonObject = {"index": self._index, "message": message, **self._end}
        if self._logprobs:
            choice["logprobs"] = {"content": self._logprobs, "refusal": None}
        return choice


_ARGUMENTS = {"function": ("function", "arguments"), "custom": ("custom", "input")}


def _call(event: Event) -> JsonObject:
    """A call as OpenAI writes it."""
    kind = "custom" if event.custom else "function"
    _, name = _ARGUMENTS[kind]
    return {"id": event.id, "type": kind, kind: {"name": event.name, name: event.text}, **event.detail}


def usage_with_details(usage: Usage) -> JsonObject:
    """Usage for the client, with the parts that are priced apart."""
    said = {
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
    return usage_json(usage, said)
