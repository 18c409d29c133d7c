"""What a chat completion says, step by step: thoughts, words, calls, each whole before the next begins.

The one reading of answers behind all surfaces: a plain completion and a stream of chunks become the same steps, so that
a surface renders both alike. It never fails: what a provider sends in a wrong shape says nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aggregator.errors import JsonObject

THOUGHT, SEAL, TEXT, REFUSAL, CALL, ARGUMENTS = "thought", "seal", "text", "refusal", "call", "arguments"


@dataclass(frozen=True, slots=True)
class Step:
    """One more piece of an answer.

    `thought` and `seal`: reasoning in words, and the `reasoning_details` entry that ends it, which its provider wants
    back. `text`, with its `logprobs`, and `refusal`: words. `call` begins a call of the tool `name` under `id`;
    `arguments` are pieces of its JSON.
    """

    kind: str
    text: str = ""
    id: str = ""
    name: str = ""
    detail: JsonObject = field(default_factory=dict)
    logprobs: list[JsonObject] = field(default_factory=list)


def choice_of(said: Any) -> JsonObject:
    """First choice of a completion or chunk; empty where there is none."""
    choices = said.get("choices") if isinstance(said, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) and choice.get("index") in (None, 0) else {}


def text_in(said: Any, name: str) -> str:
    """A text; empty where there is none."""
    value = said.get(name) if isinstance(said, dict) else None
    return value if isinstance(value, str) else ""


def objects_of(said: Any, name: str) -> list[JsonObject]:
    """The objects of a list; none where there is no list."""
    value = said.get(name) if isinstance(said, dict) else None
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


@dataclass(slots=True)
class _Call:
    """A call of a tool, as far as it is known. `said` went out; `waiting` did not yet."""

    index: Any
    id: str
    name: str = ""
    said: str = ""
    waiting: str = ""
    begun: bool = False


class Steps:
    """Reads the choices of one answer in their order; `finish` is the last reason to finish that was given."""

    def __init__(self) -> None:
        self.finish = ""
        self.stopped_at = ""
        self._reasoned = False
        self._calls: list[_Call] = []
        self._live: _Call | None = None
        self._called = 0

    def read(self, choice: JsonObject) -> Iterator[Step]:
        """The steps in a choice of a chunk, or of a whole completion."""
        delta = choice.get("delta", choice.get("message"))
        thoughts = list(self._thoughts(delta))
        words = list(_words(delta, choice))
        if (thoughts or words) and self._calls:
            yield from self.end()
        yield from thoughts
        yield from words
        for position, call in enumerate(objects_of(delta, "tool_calls")):
            yield from self._read_call(call, call.get("index", position))
        self.finish = text_in(choice, "finish_reason") or self.finish
        self.stopped_at = text_in(choice, "stop_reason") or self.stopped_at

    def end(self) -> Iterator[Step]:
        """The steps of calls that had to wait for the end of others."""
        waiting, self._calls, self._live = self._calls, [], None
        for call in waiting:
            if call.name and (call.waiting or not call.begun):
                yield from _say(call)

    def _thoughts(self, delta: Any) -> Iterator[Step]:
        """Reasoning comes in words, in details, or both ways at once; each thought is told once."""
        words = text_in(delta, "reasoning_content") or text_in(delta, "reasoning") or _thinking_parts(delta)
        details = objects_of(delta, "reasoning_details")
        detailed = any(text_in(detail, "text") or text_in(detail, "summary") for detail in details)
        if words and not detailed:
            self._reasoned = True
            yield Step(THOUGHT, words)
        for detail in details:
            thought = text_in(detail, "text") or text_in(detail, "summary")
            if thought and (words or not self._reasoned):
                yield Step(THOUGHT, thought)
            if text_in(detail, "signature") or text_in(detail, "data"):
                self._reasoned = False
                yield Step(SEAL, detail=detail)

    def _read_call(self, said: JsonObject, index: Any) -> Iterator[Step]:
        """A call is told as it comes, and the next one from when its arguments are whole: pieces may come mixed."""
        function = said.get("function")
        call = self._call(index, text_in(said, "id"), text_in(function, "name"))
        call.name = call.name or text_in(function, "name")
        call.waiting += _arguments(function)
        while self._live is None or self._live.name:
            if self._live is not None:
                yield from _say(self._live)
            following = self._following()
            if following is None or not (self._live is None or _is_whole(self._live.said)):
                return
            self._live = following

    def _call(self, index: Any, call_id: str, name: str) -> _Call:
        """The call that a piece belongs to: by index, but some providers count every call as the first.

        Others make up an id for each piece: one whose id nobody has, and without a name, goes on with the call that is
        open at its index.
        """
        here = [call for call in reversed(self._calls) if call.index == index]
        same = [call for call in here if not call_id or call.id in ("", call_id)]
        found = next(iter(same or ([] if name else here)), None)
        if found is not None:
            found.id = found.id or call_id
            return found
        self._called += 1
        self._calls.append(_Call(index, call_id or f"call_{self._called}"))
        return self._calls[-1]

    def _following(self) -> _Call | None:
        place = 0 if self._live is None else self._calls.index(self._live) + 1
        return self._calls[place] if place < len(self._calls) else None


def _say(call: _Call) -> Iterator[Step]:
    if not call.begun:
        call.begun = True
        yield Step(CALL, id=call.id, name=call.name)
    if call.waiting:
        yield Step(ARGUMENTS, call.waiting)
    call.said, call.waiting = call.said + call.waiting, ""


def _arguments(function: Any) -> str:
    said = function.get("arguments") if isinstance(function, dict) else None
    return json.dumps(said) if isinstance(said, dict) else text_in(function, "arguments")


def _is_whole(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False


def _words(delta: Any, choice: JsonObject) -> Iterator[Step]:
    content = delta.get("content") if isinstance(delta, dict) else None
    parts = objects_of(delta, "content")
    text = content if isinstance(content, str) else "".join(text_in(part, "text") for part in parts)
    if text:
        yield Step(TEXT, text, logprobs=objects_of(choice.get("logprobs"), "content"))
    if refusal := text_in(delta, "refusal"):
        yield Step(REFUSAL, refusal)


def _thinking_parts(delta: Any) -> str:
    """Reasoning as Mistral gives it: a part of the content, with texts in it."""
    return "".join(
        text_in(thought, "text")
        for part in objects_of(delta, "content")
        for thought in objects_of(part, "thinking")
    )
