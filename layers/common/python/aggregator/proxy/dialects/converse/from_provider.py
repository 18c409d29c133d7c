"""Answers of Converse, whole and streamed, as chat completions. Standard library only.

Source: Amazon Bedrock API Reference, "Converse" and "ConverseStream". Neither says an id or the name of its model:
the id is made here, the name is the one that was called.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.chat.usage import usage_of
from aggregator.proxy.dialects.converse.to_provider import JSON_TOOL
from aggregator.proxy.dialects.converse.turns import details_format
from aggregator.proxy.dialects.writing import (
    Chunks,
    Said,
    compact,
    completion,
    objects,
    read_json,
    text,
    tokens,
    tool_call,
)
from aggregator.proxy.model import JsonObject, Progress
from aggregator.runtime.sse import provider_json

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
_MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})
_THOUGHTS = ("text", "signature", "redactedContent")
_NO_THOUGHT = dict.fromkeys(_THOUGHTS, "")


def completion_of(body: bytes, progress: Progress) -> bytes:
    """A whole answer; what it used goes into `progress`.

    Raises:
        ProviderFailed: it holds an error, or a message that the model itself got wrong.
        ProviderUnreadable: it holds no message.
    """
    said = read_json(body)
    output = said.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    if output is None and text(said, "message"):
        raise ProviderFailed("The provider failed.")
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        raise ProviderUnreadable("The provider answered without a completion.")
    heard = Said()
    for block in objects(message, "content"):
        _hear(block, heard, details_format(progress.model))
    choice = {
        "index": 0,
        "message": heard.message(),
        "finish_reason": _finish(text(said, "stopReason"), calls=bool(heard.tool_calls)),
    }
    return completion(_new_id(), progress.model, [choice], usage_of(said.get("usage")), progress)


def _hear(block: JsonObject, heard: Said, form: str) -> None:
    if "text" in block:
        heard.content.append(text(block, "text"))
    elif isinstance(call := block.get("toolUse"), dict):
        arguments = compact(call.get("input", {}))
        if text(call, "name") == JSON_TOOL:
            heard.content.append(arguments)
        else:
            heard.tool_calls.append(tool_call(text(call, "toolUseId"), text(call, "name"), arguments))
    elif isinstance(thought := block.get("reasoningContent"), dict):
        told = thought.get("reasoningText", thought)
        said = {name: text(told, name) for name in _THOUGHTS}
        heard.reasoning += [said["text"]] if said["text"] else []
        heard.reasoning_details += _details(said, len(heard.reasoning_details), form)
    elif "citationsContent" in block:
        heard.content += [text(each, "text") for each in objects(block["citationsContent"], "content")]


def _details(said: Mapping[str, str], n: int, form: str) -> list[JsonObject]:
    """What the model wants back of one block of its thoughts, the `n`th; nothing if there is none."""
    if said["redactedContent"]:
        kind: JsonObject = {"type": "reasoning.encrypted", "data": said["redactedContent"]}
    elif said["text"] or said["signature"]:
        told = {name: said[name] for name in ("text", "signature") if said[name]}
        kind = {"type": "reasoning.text", **told}
    else:
        return []
    return [{**kind, "format": form, "index": n}]


class Listener:
    """Makes chunks of a stream's events. Tools are numbered in the order in which the model calls them.

    `ended`: the answer is whole and was counted.
    """

    def __init__(self, progress: Progress) -> None:
        self._chunks = Chunks(progress)
        self._chunks.name(_new_id(), progress.model)
        self._calls: dict[int, int] = {}
        self._answers: set[int] = set()
        self._silent: set[int] = set()
        self._thoughts: dict[int, dict[str, str]] = {}
        self._details = 0
        self._form = details_format(progress.model)
        self.ended = False

    def hear(self, name: str, event: JsonObject) -> Iterator[bytes]:
        """Chunks that one event makes.

        Raises:
            ProviderFailed: the model got its own answer wrong.
        """
        block = tokens(event, "contentBlockIndex")
        match name:
            case "contentBlockStart":
                yield from self._start(event.get("start"), block)
            case "contentBlockDelta":
                yield from self._delta(event.get("delta"), block)
            case "contentBlockStop":
                yield from self._stop(block)
            case "messageStop":
                reason = _finish(text(event, "stopReason"), calls=bool(self._calls))
                if not self._chunks.has_begun():
                    yield self._chunks.delta({})
                yield self._chunks.finish(reason)
            case "metadata":
                usage = usage_of(event.get("usage"))
                self._chunks.count(usage)
                self.ended = self._chunks.are_over() and usage is not None

    def _start(self, start: Any, block: int) -> Iterator[bytes]:
        call = start.get("toolUse") if isinstance(start, dict) else None
        if not isinstance(call, dict):
            return
        self._silent.add(block)
        if text(call, "name") == JSON_TOOL:
            self._answers.add(block)
            return
        self._calls[block] = len(self._calls)
        begun = tool_call(text(call, "toolUseId"), text(call, "name"), "")
        yield self._chunks.delta({"tool_calls": [{"index": self._calls[block], **begun}]})

    def _delta(self, delta: Any, block: int) -> Iterator[bytes]:
        if not isinstance(delta, dict):
            return
        if words := text(delta, "text"):
            yield self._chunks.delta({"content": words})
        elif piece := text(delta.get("toolUse"), "input"):
            yield from self._argue(piece, block)
        elif isinstance(told := delta.get("reasoningContent"), dict):
            thought = self._thoughts.setdefault(block, dict.fromkeys(_THOUGHTS, ""))
            for name in _THOUGHTS:
                thought[name] += text(told, name)
            if words := text(told, "text"):
                yield self._chunks.delta({"reasoning_content": words})

    def _stop(self, block: int) -> Iterator[bytes]:
        """What a block says at its end: that a call has no arguments, or what the model wants back of its thoughts."""
        if block in self._silent:
            yield from self._argue("{}", block)
        if details := _details(self._thoughts.pop(block, _NO_THOUGHT), self._details, self._form):
            self._details += 1
            yield self._chunks.delta({"reasoning_details": details})

    def _argue(self, piece: str, block: int) -> Iterator[bytes]:
        """One more piece of a call's arguments."""
        self._silent.discard(block)
        if block in self._answers:
            yield self._chunks.delta({"content": piece})
        elif block in self._calls:
            call = {"index": self._calls[block], "function": {"arguments": piece}}
            yield self._chunks.delta({"tool_calls": [call]})


def event_of(payload: bytes) -> JsonObject:
    """What a frame says.

    Raises:
        ProviderFailed: it is no JSON object.
    """
    said = provider_json(payload, "The provider sent an event that is not JSON.")
    if not isinstance(said, dict):
        raise ProviderUnreadable("The provider sent an event that is not JSON.")
    return said


def _finish(stop_reason: str, *, calls: bool) -> str:
    if stop_reason in _MALFORMED:
        raise ProviderFailed("The model's answer was malformed.")
    finish = _FINISH.get(stop_reason, "stop")
    return "stop" if finish == "tool_calls" and not calls else finish


def _new_id() -> str:
    return f"chatcmpl-{os.urandom(12).hex()}"
