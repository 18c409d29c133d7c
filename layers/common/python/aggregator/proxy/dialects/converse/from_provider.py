"""Answers of Converse as events: those of ConverseStream, or a whole answer as the stream that says it at once.

Standard library only. Source: Amazon Bedrock API Reference, "Converse" and "ConverseStream". Neither says an id or the
name of its model: the id is made here, the name is the one that was called.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.answering import compact, number, read_json
from aggregator.proxy.dialects.citations import Citation
from aggregator.proxy.dialects.converse.citations import citation_in
from aggregator.proxy.dialects.converse.provider_errors import raised
from aggregator.proxy.dialects.converse.provider_turns import details_format
from aggregator.proxy.dialects.converse.to_provider import JSON_TOOL
from aggregator.proxy.dialects.events import (
    ARGUMENTS,
    CALL,
    CALLS,
    CITED,
    END,
    FILTERED,
    LENGTH,
    NAMED,
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
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import JsonObject
from aggregator.runtime.eventstream import frames
from aggregator.runtime.sse import provider_json

_FINISH = {
    "end_turn": STOP,
    "stop_sequence": STOP,
    "tool_use": CALLS,
    "max_tokens": LENGTH,
    "model_context_window_exceeded": WINDOW,
    "guardrail_intervened": FILTERED,
    "content_filtered": FILTERED,
}
_MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})
_THOUGHTS = ("text", "signature", "redactedContent")
_NO_THOUGHT = dict.fromkeys(_THOUGHTS, "")


def streamed(blocks: Iterator[bytes]) -> Iterator[Iterator[JsonObject]]:
    """The events of a stream, each under its name.

    Raises:
        Refusal: Bedrock's exception, translated.
        ProviderUnreadable: a frame that is none, or is no JSON object.
        UpstreamError: the stream broke off.
    """
    for frame in frames(blocks):
        if frame.kind != "event":
            raise raised(frame)
        said = provider_json(frame.payload, "The provider sent an event that is not JSON.")
        if not isinstance(said, dict):
            raise ProviderUnreadable("The provider sent an event that is not JSON.")
        yield iter([{frame.name: said}])


def replayed(body: bytes) -> Iterator[JsonObject]:
    """A whole answer as the events that say it at once.

    Raises:
        ProviderFailed: it holds an error.
        ProviderUnreadable: it holds no message.
    """
    said = read_json(body)
    output = said.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    if output is None and text_in(said, "message"):
        raise ProviderFailed("The provider failed.")
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        raise ProviderUnreadable("The provider answered without a completion.")
    for n, block in enumerate(objects_of(message, "content")):
        yield from _replayed(block, n)
    yield {"messageStop": {"stopReason": said.get("stopReason") or "end_turn"}}
    yield {"metadata": {"usage": said.get("usage")}}


def _replayed(block: JsonObject, n: int) -> Iterator[JsonObject]:
    def delta(said: JsonObject) -> JsonObject:
        return {"contentBlockDelta": {"contentBlockIndex": n, "delta": said}}

    if "text" in block:
        yield delta({"text": block["text"]})
    elif isinstance(call := block.get("toolUse"), dict):
        yield {"contentBlockStart": {"contentBlockIndex": n, "start": {"toolUse": call}}}
        yield delta({"toolUse": {"input": compact(call.get("input", {}))}})
    elif isinstance(thought := block.get("reasoningContent"), dict):
        yield delta({"reasoningContent": thought.get("reasoningText", thought)})
    elif isinstance(cited := block.get("citationsContent"), dict):
        yield from (delta(each) for each in objects_of(cited, "content"))
        yield from (delta({"citation": each}) for each in objects_of(cited, "citations"))
    yield {"contentBlockStop": {"contentBlockIndex": n}}


class Reader:
    """Reads the events of one answer in their order. `ended`: it is whole and was counted."""

    def __init__(self, progress: Progress) -> None:
        self._model = progress.model
        self._form = details_format(progress.model)
        self._named = False
        self._said = self._stopped = False
        self._calls: set[int] = set()
        self._answers: set[int] = set()
        self._silent: set[int] = set()
        self._thoughts: dict[int, dict[str, str]] = {}
        self._characters = 0
        self._began: dict[int, int] = {}
        self._cited: dict[int, list[Citation]] = {}
        self.ended = False

    def read(self, said: JsonObject) -> Iterator[Event]:
        """What one event says.

        Raises:
            ProviderFailed: the model got its own answer wrong.
        """
        if not self._named:
            self._named = True
            yield Event(NAMED, id=f"chatcmpl-{os.urandom(12).hex()}", name=self._model)
        for name, event in said.items():
            yield from self._event(name, event)

    def _event(self, name: str, event: JsonObject) -> Iterator[Event]:
        block = number(event, "contentBlockIndex")
        match name:
            case "contentBlockStart":
                yield from self._start(event.get("start"), block)
            case "contentBlockDelta":
                yield from self._delta(event.get("delta"), block)
            case "contentBlockStop":
                yield from self._stop(block)
            case "messageStop":
                finish = self._finish(text_in(event, "stopReason"))
                self._stopped = True
                yield Event(END, finish)
            case "metadata":
                usage = usage_of(event.get("usage"))
                yield from counted(usage)
                self.ended = self._stopped and usage is not None

    def _start(self, start: Any, block: int) -> Iterator[Event]:
        call = start.get("toolUse") if isinstance(start, dict) else None
        if not isinstance(call, dict):
            return
        self._silent.add(block)
        if text_in(call, "name") == JSON_TOOL:
            self._answers.add(block)
            return
        self._said = True
        self._calls.add(block)
        yield Event(CALL, id=text_in(call, "toolUseId"), name=text_in(call, "name"))

    def _delta(self, delta: Any, block: int) -> Iterator[Event]:
        if not isinstance(delta, dict):
            return
        if words := text_in(delta, "text"):
            yield from self._text(words, block)
        elif (citation := citation_in(delta.get("citation"))) is not None:
            self._cited.setdefault(block, []).append(citation)
        elif piece := text_in(delta.get("toolUse"), "input"):
            yield from self._argue(piece, block)
        elif isinstance(told := delta.get("reasoningContent"), dict):
            thought = self._thoughts.setdefault(block, dict.fromkeys(_THOUGHTS, ""))
            for name in _THOUGHTS:
                thought[name] += text_in(told, name)
            if words := text_in(told, "text"):
                yield Event(THOUGHT, words)

    def _text(self, words: str, block: int) -> Iterator[Event]:
        self._said = True
        yield Event(TEXT, words, apart=block not in self._began)
        self._began.setdefault(block, self._characters)
        self._characters += len(words)

    def _stop(self, block: int) -> Iterator[Event]:
        """What a block says at its end: its sources, that a call has no arguments, or what the model wants back."""
        if (began := self._began.get(block)) is not None:
            for citation in self._cited.pop(block, ()):
                yield Event(CITED, citation=replace(citation, span=(began, self._characters)))
        if block in self._silent:
            yield from self._argue("{}", block)
        if detail := _detail(self._thoughts.pop(block, _NO_THOUGHT)):
            yield Event(SEAL, detail={**detail, "format": self._form})

    def _argue(self, piece: str, block: int) -> Iterator[Event]:
        """One more piece of a call's arguments."""
        self._silent.discard(block)
        if block in self._answers:
            yield from self._text(piece, block)
        elif block in self._calls:
            yield Event(ARGUMENTS, piece)

    def _finish(self, reason: str) -> str:
        """Why the answer ended; for a reason that is not known here, what was said must do."""
        if reason in _MALFORMED:
            raise ProviderFailed("The model's answer was malformed.")
        if reason not in _FINISH and not self._said:
            raise ProviderFailed("The model gave an answer that cannot be used.")
        return _FINISH.get(reason, STOP)


def _detail(said: Mapping[str, str]) -> JsonObject:
    """What the model wants back of one block of its thoughts; nothing if there is none."""
    if said["redactedContent"]:
        return {"type": "reasoning.encrypted", "data": said["redactedContent"]}
    if said["text"] or said["signature"]:
        return {
            "type": "reasoning.text",
            **{name: said[name] for name in ("text", "signature") if said[name]},
        }
    return {}
