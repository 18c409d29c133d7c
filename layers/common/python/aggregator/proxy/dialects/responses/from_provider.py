"""What the Responses API answers, as events: its stream, or a response as the stream that says it at once.

Standard library only. Source: OpenAI API reference, "The response object" and "Streaming events". Items and events of
kinds that are not known here are passed over: OpenAI adds new ones.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.answering import new_call_id, read_json
from aggregator.proxy.dialects.events import (
    ALIVE,
    ARGUMENTS,
    CALL,
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
    Event,
    counted,
    objects_of,
    text_in,
)
from aggregator.proxy.dialects.responses.citations import citation_in
from aggregator.proxy.dialects.responses.to_provider import DETAILS_FORMAT
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import JsonObject, tier_named
from aggregator.runtime.sse import json_runs

_FINISH = {"max_output_tokens": LENGTH, "content_filter": FILTERED}
_CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
_BETWEEN = "\n\n"


def streamed(blocks: Iterator[bytes]) -> Iterator[Iterator[JsonObject]]:
    """The events of a stream, in runs as they come.

    Raises:
        ProviderUnreadable: what is no event of JSON came.
        UpstreamError: the stream broke off.
    """
    return json_runs(blocks)


def replayed(body: bytes) -> Iterator[JsonObject]:
    """A response as the events that say it at once.

    Raises:
        ProviderFailed: the response failed.
        ProviderUnreadable: no JSON, or no response that came to an end.
    """
    response = read_json(body)
    if response.get("error") or response.get("status") in ("failed", "cancelled"):
        raise ProviderFailed("The provider failed.")
    if not isinstance(response.get("output"), list):
        raise ProviderUnreadable("The provider answered without a completion.")
    yield {"type": "response.created", "response": response}
    for place, item in enumerate(objects_of(response, "output")):
        yield {"type": "response.output_item.done", "output_index": place, "item": item}
    yield {"type": "response.completed", "response": response}


class Reader:
    """Reads the events of one answer in their order. `ended`: the response is whole.

    An item is told as it comes; what came of it only with its end is told then.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._told: set[Any] = set()
        self._called: set[Any] = set()
        self._thought = False
        self._said = 0
        self._began: dict[tuple[Any, Any], int] = {}
        self._cited: dict[tuple[Any, Any], int] = {}
        self.ended = False

    def read(self, said: JsonObject) -> Iterator[Event]:
        """What an event says.

        Raises:
            ProviderFailed: the response failed.
            ProviderUnreadable: it is no event.
        """
        match said.get("type"):
            case "response.created" | "response.in_progress" | "response.queued":
                response = said.get("response")
                yield Event(NAMED, id=text_in(response, "id"), name=text_in(response, "model"))
                yield Event(ALIVE)
            case "response.output_item.added":
                yield from self._call(said)
            case "response.reasoning_summary_part.added" if self._thought:
                yield Event(THOUGHT, _BETWEEN)
            case "response.output_item.done":
                yield from self._end_of_item(said)
            case "response.output_text.annotation.added":
                yield from self._cite(said, [said.get("annotation")])
            case "response.completed" | "response.incomplete":
                yield from self._end(said.get("response"))
            case "response.failed" | "error":
                raise ProviderFailed("The provider failed in mid-stream.")
            case str(kind):
                yield from self._delta(kind, said)
            case None if not said:
                yield Event(ALIVE)
            case _:
                raise ProviderUnreadable("The provider sent an event that cannot be read.")

    def _delta(self, kind: str, said: JsonObject) -> Iterator[Event]:
        words = text_in(said, "delta")
        if not words:
            return
        match kind:
            case "response.output_text.delta":
                self._begin(said)
                self._said += len(words)
                event = Event(TEXT, words, logprobs=objects_of(said, "logprobs"))
            case "response.refusal.delta":
                event = Event(REFUSAL, words)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._thought = True
                event = Event(THOUGHT, words)
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                event = Event(ARGUMENTS, words)
            case _:
                return
        self._told.add(said.get("output_index"))
        yield event

    def _call(self, said: JsonObject) -> Iterator[Event]:
        item, place = said.get("item"), said.get("output_index")
        if not isinstance(item, dict) or item.get("type") not in _CALLS or place in self._called:
            return
        arguments = text_in(item, _CALLS[item["type"]])
        self._called.add(place)
        if arguments:
            self._told.add(place)
        yield Event(
            CALL,
            arguments,
            id=text_in(item, "call_id") or new_call_id(),
            name=text_in(item, "name"),
            custom=item["type"] == "custom_tool_call",
        )

    def _end_of_item(self, said: JsonObject) -> Iterator[Event]:
        item, place = said.get("item"), said.get("output_index")
        kind = item.get("type") if isinstance(item, dict) else None
        told = place in self._told
        self._told.add(place)
        if not isinstance(item, dict):
            return
        if kind == "message":
            for n, part in enumerate(objects_of(item, "content")):
                at = {"output_index": place, "content_index": n}
                yield from () if told else self._part(part, at)
                yield from self._cite(at, objects_of(part, "annotations")[self._cited.get((place, n), 0) :])
        elif kind in _CALLS and place not in self._called:
            yield from self._call(said)
        elif kind in _CALLS and not told:
            arguments = text_in(item, _CALLS[kind])
            yield from [Event(ARGUMENTS, arguments)] if arguments else []
        elif kind == "reasoning":
            self._thought = False
            if not told and (words := _thought_in(item, "summary", "content")):
                yield Event(THOUGHT, words)
            yield from _seal(item)

    def _part(self, part: JsonObject, at: JsonObject) -> Iterator[Event]:
        if words := text_in(part, "text"):
            self._begin(at)
            self._said += len(words)
            yield Event(TEXT, words, logprobs=objects_of(part, "logprobs"))
        if refusal := text_in(part, "refusal"):
            yield Event(REFUSAL, refusal)

    def _begin(self, at: JsonObject) -> None:
        """Remember how much was said before a part."""
        self._began.setdefault(_place(at), self._said)

    def _cite(self, at: JsonObject, annotations: list[Any]) -> Iterator[Event]:
        """Sources of a part, which count its characters."""
        place = _place(at)
        began = self._began.get(place)
        self._cited[place] = self._cited.get(place, 0) + len(annotations)
        if began is None:
            return
        for said in annotations:
            citation = citation_in(said)
            if citation is not None:
                start, end = citation.span or (0, self._said - began)
                yield Event(CITED, citation=replace(citation, span=(began + start, began + end)))

    def _end(self, response: Any) -> Iterator[Event]:
        usage = response.get("usage") if isinstance(response, dict) else None
        self._progress.service_tier = tier_named(response.get("service_tier") if usage else None)
        yield from counted(usage_of(usage))
        details = response.get("incomplete_details") if isinstance(response, dict) else None
        yield Event(END, _FINISH.get(text_in(details, "reason"), STOP))
        self.ended = True


def _place(at: JsonObject) -> tuple[Any, Any]:
    return at.get("output_index"), at.get("content_index") or 0


def _thought_in(item: JsonObject, *names: str) -> str:
    parts = [part for name in names for part in objects_of(item, name)]
    return _BETWEEN.join(filter(None, (text_in(part, "text") for part in parts)))


def _seal(item: JsonObject) -> Iterator[Event]:
    """A thought to come back as it is: one that is not sealed cannot, for nothing is stored there."""
    sealed = text_in(item, "encrypted_content")
    if not sealed:
        return
    detail: JsonObject = {"type": "reasoning.encrypted", "data": sealed, "format": DETAILS_FORMAT}
    summary = _thought_in(item, "summary")
    yield Event(SEAL, detail=detail | ({"summary": summary} if summary else {}))
