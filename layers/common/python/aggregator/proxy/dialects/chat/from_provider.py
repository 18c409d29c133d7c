"""What a chat completion says, as events: its stream of chunks, or a completion as the one chunk that says it at once.

For clients of other dialects; what chat's own get passes as it came (native.py). Thoughts, words and calls are told
each whole before the next begins. What a provider sends in a wrong shape says nothing. Standard library only.
"""

from collections.abc import Iterator
from typing import Any

from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.annotations import in_chat
from aggregator.proxy.dialects.answering import read_json
from aggregator.proxy.dialects.chat.calls import Call, Calls, Piece, is_whole
from aggregator.proxy.dialects.chat.finish import finish_of
from aggregator.proxy.dialects.chat.spoken import choices_of, completed, is_error
from aggregator.proxy.dialects.events import (
    ALIVE,
    ARGUMENTS,
    CALL,
    CITED,
    END,
    NAMED,
    REFUSAL,
    SEAL,
    TEXT,
    THOUGHT,
    Event,
    counted,
    objects_of,
    text_in,
)
from aggregator.proxy.dialects.under_200 import is_no_chunk
from aggregator.proxy.dialects.usage import usage_in
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import JsonObject, tier_named
from aggregator.runtime.sse import is_error_event, payload_of, provider_json, split, whole_events

_DONE: JsonObject = {"[DONE]": True}


def streamed(blocks: Iterator[bytes]) -> Iterator[Iterator[JsonObject]]:
    """The chunks of a stream, in runs as they come; its end mark is one as well.

    Raises:
        ProviderFailed: an error came in the stream.
        ProviderUnreadable: what is no event of JSON came.
        UpstreamError: the stream broke off.
    """
    for run in whole_events(blocks):
        yield _chunks_in(run)


def _chunks_in(run: bytes) -> Iterator[JsonObject]:
    for event in split(run):
        payload = payload_of(event).strip()
        if is_error_event(event):
            raise ProviderFailed("The provider failed in mid-stream.")
        if payload == b"[DONE]":
            yield _DONE
            continue
        said = provider_json(payload, "The provider sent what is not JSON.") if payload else {}
        if not isinstance(said, dict):
            raise ProviderUnreadable("The provider sent what is no JSON object.")
        yield said


def replayed(body: bytes) -> Iterator[JsonObject]:
    """A completion as the chunks that say it at once.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no JSON, or no choices.
    """
    said = read_json(body)
    choices = completed(said)
    yield {**said, "choices": [{**choice, "delta": choice.get("message")} for choice in choices]}
    yield _DONE


class Reader:
    """Reads the chunks of one answer in their order. `ended`: the end mark came, or all that stands before it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._choices: dict[int, _Choice] = {}
        self._ended: set[int] = set()
        self.ended = False

    def read(self, said: JsonObject) -> Iterator[Event]:
        """What a chunk says.

        Raises:
            ProviderFailed: it is an error.
            ProviderUnreadable: it is no chunk.
        """
        if said is _DONE:
            yield from self._done()
            return
        if not said:
            yield Event(ALIVE)
            return
        if is_error(said):
            raise ProviderFailed("The provider failed in mid-stream.")
        if is_no_chunk(said):
            raise ProviderUnreadable("The provider failed in mid-stream.")
        choices = choices_of(said)
        yield Event(NAMED, id=text_in(said, "id"), name=text_in(said, "model"))
        usage, _ = usage_in(said)
        if usage is not None:
            self._progress.service_tier = tier_named(said.get("service_tier"))
        finishes = any(finish_of(choice) for choice in choices)
        if choices and not finishes:
            yield from counted(usage)  # it may have been counted before these words were said
        for choice in choices:
            yield from self._choice(choice)
        if finishes or not choices:
            yield from counted(usage)
        whole = len(self._ended) >= self._progress.choices
        self.ended = self.ended or (whole and usage is not None and not choices)

    def _choice(self, choice: JsonObject) -> Iterator[Event]:
        index = choice.get("index")
        n = index if isinstance(index, int) else 0
        reader = self._choices.setdefault(n, _Choice(n))
        yield from reader.read(choice)
        if finish := finish_of(choice):
            yield from reader.end()
            self._ended.add(n)
            yield Event(END, finish, stopped_at=text_in(choice, "stop_reason"), choice=n)

    def _done(self) -> Iterator[Event]:
        """The end mark ends what no reason to finish did."""
        self.ended = True
        for n, reader in self._choices.items() or [(0, _Choice(0))]:
            yield from reader.end()
            if n not in self._ended:
                yield Event(END, choice=n)


class _Choice:
    """Reads the pieces of one choice."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._reasoned = False
        self._calls = Calls()
        self._open: list[Call] = []
        self._told: dict[int, int] = {}

    def read(self, choice: JsonObject) -> Iterator[Event]:
        delta = choice.get("delta")
        said = [*self._thoughts(delta), *self._words(delta, choice)]
        if said and self._open:
            yield from self.end()
        yield from said
        for citation in in_chat(delta):
            yield Event(CITED, citation=citation, choice=self._number)
        for position, call in enumerate(objects_of(delta, "tool_calls")):
            yield from self._read_call(Piece.of(call, position))
        function = delta.get("function_call") if isinstance(delta, dict) else None
        if isinstance(function, dict):
            yield from self._read_call(Piece.of({"function": function}, 0))

    def end(self) -> Iterator[Event]:
        """What calls say that had to wait for the end of others."""
        waiting, self._open = self._open, []
        for call in waiting:
            yield from self._tell(call)

    def _thoughts(self, delta: Any) -> Iterator[Event]:
        """Reasoning comes in words, in details, or both ways at once; each thought is told once."""
        words = text_in(delta, "reasoning_content") or text_in(delta, "reasoning")
        details = objects_of(delta, "reasoning_details")
        detailed = any(text_in(detail, "text") or text_in(detail, "summary") for detail in details)
        if words and not detailed:
            self._reasoned = True
            yield Event(THOUGHT, words, choice=self._number)
        for detail in details:
            thought = text_in(detail, "text") or text_in(detail, "summary")
            if thought and (words or not self._reasoned):
                yield Event(THOUGHT, thought, choice=self._number)
            if text_in(detail, "signature") or text_in(detail, "data"):
                self._reasoned = False
                yield Event(SEAL, detail=detail, choice=self._number)

    def _words(self, delta: Any, choice: JsonObject) -> Iterator[Event]:
        """Words in one text, or in parts with thoughts among them, as Mistral gives them, in their order."""
        content = delta.get("content") if isinstance(delta, dict) else None
        logprobs = objects_of(choice.get("logprobs"), "content")
        for part in objects_of(delta, "content") if content else ():
            for thought in objects_of(part, "thinking"):
                yield Event(THOUGHT, text_in(thought, "text"), choice=self._number)
            if words := text_in(part, "text"):
                yield Event(TEXT, words, logprobs=logprobs, choice=self._number)
                logprobs = []
        if isinstance(content, str) and content:
            yield Event(TEXT, content, logprobs=logprobs, choice=self._number)
        if refusal := text_in(delta, "refusal"):
            yield Event(REFUSAL, refusal, choice=self._number)

    def _read_call(self, piece: Piece) -> Iterator[Event]:
        """A call is told as it comes, and the next one from when its arguments are whole: pieces may come mixed."""
        call = self._calls.take(piece)
        if call not in self._open:
            if call.number in self._told:
                return  # it ended with the words that came after it
            self._open.append(call)
        while self._open and self._open[0].name:
            yield from self._tell(self._open[0])
            if len(self._open) == 1 or not is_whole(self._open[0].arguments):
                return
            del self._open[0]

    def _tell(self, call: Call) -> Iterator[Event]:
        if not call.name:
            return
        begun, told = call.number in self._told, self._told.get(call.number, 0)
        self._told[call.number] = len(call.arguments)
        rest = call.arguments[told:]
        if not begun:
            yield Event(CALL, id=call.id, name=call.name, custom=call.custom, choice=self._number)
        if rest:
            yield Event(ARGUMENTS, rest, choice=self._number)
