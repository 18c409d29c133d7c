"""Rendering an answer of the walk in the form of a surface: a plain one whole, a stream event by event.

What a stream's reader sees is exactly what the walk sends, translated: closing the one closes the other.
"""

import json
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Protocol

from aggregator.errors import JsonObject, ProviderFailed, envelope
from aggregator.proxy.dialects.steps import Step, Steps, choice_of
from aggregator.proxy.model import Ask
from aggregator.runtime.sse import payload_of, split, whole_events
from aggregator.runtime.streaming import StreamingResponse

_RECEIPT = ("cost_usd", "hold_usd", "balance_usd", "price_version", "request_id", "estimated")


class Writer(Protocol):
    """Writes one answer as the events of a surface, and keeps what they add up to."""

    def begin(self, said: JsonObject) -> Iterator[JsonObject]:
        """Events before the first step; `said` is the first chunk, or the completion."""
        ...

    def step(self, step: Step) -> Iterator[JsonObject]:
        """Events of one step."""
        ...

    def end(self, finish: str, stopped_at: str, usage: Any) -> Iterator[JsonObject]:
        """Events of a whole answer's end. `usage` is in the form of chat completions, or nothing."""
        ...

    def fail(self, error: JsonObject) -> Iterator[JsonObject]:
        """Events of a failure in mid-stream. `error` is what the one envelope holds."""
        ...

    def alive(self) -> Iterator[JsonObject]:
        """Events that say only that the answer is still coming."""
        ...

    def whole(self) -> JsonObject:
        """What all events add up to, after the last."""
        ...


class Translated:
    """The chunks of a stream for the client. Closing them closes the walk's, read or not."""

    def __init__(self, source: Iterable[bytes], writer: Writer, request_id: str) -> None:
        self._source = source
        self._events = _translated(source, writer, request_id)

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        """End both streams early, or do nothing if they are at their end."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()
        self._events.close()


def request_id_in(answer: StreamingResponse) -> str:
    """Request id that the walk put into the answer's headers."""
    return answer.headers["x-request-id"]


def rendered(answer: StreamingResponse, ask: Ask, writer: Writer, **headers: str) -> StreamingResponse:
    """The walk's answer as `writer` writes it: its events, or what they add up to."""
    headers = {**answer.headers, **headers}
    if ask.stream:
        return StreamingResponse(
            answer.status, headers, Translated(answer.chunks, writer, request_id_in(answer)), answer.cookies
        )
    said = json.loads(b"".join(answer.chunks))
    choice, steps = choice_of(said), Steps()
    for _ in writer.begin(said):
        pass
    for step in (*steps.read(choice), *steps.end()):
        for _ in writer.step(step):
            pass
    for _ in writer.end(steps.finish, steps.stopped_at, said.get("usage")):
        pass
    body = json.dumps(writer.whole(), separators=(",", ":")).encode()
    return StreamingResponse(answer.status, headers, [body], answer.cookies)


def receipt_in(usage: Any) -> JsonObject:
    """What the walk adds to the usage of a stream: cost, hold, balance, and the request they belong to."""
    return {name: usage[name] for name in _RECEIPT if name in usage} if isinstance(usage, dict) else {}


def _event(event: JsonObject) -> bytes:
    said = json.dumps(event, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {said}\n\n".encode()


def _translated(source: Iterable[bytes], writer: Writer, request_id: str) -> Generator[bytes]:
    """One chunk for each run of events, so that nothing waits that has come."""
    reader = _Reader(writer, request_id)
    for run in whole_events(iter(source)):
        events = b"".join(_event(event) for single in split(run) for event in reader.read(single))
        if events:
            yield events


class _Reader:
    """Reads the chunks of a chat stream for a writer. After a failure it only reads to the end."""

    def __init__(self, writer: Writer, request_id: str) -> None:
        self._writer = writer
        self._request_id = request_id
        self._steps = Steps()
        self._usage: Any = None
        self._begun = False
        self._over = False

    def read(self, event: bytes) -> Iterator[JsonObject]:
        payload = payload_of(event).strip()
        if self._over:
            return
        if not payload:
            yield from self._writer.alive() if self._begun else ()
        elif payload == b"[DONE]":
            yield from self._end()
        else:
            yield from self._chunk(payload)

    def _chunk(self, payload: bytes) -> Iterator[JsonObject]:
        try:
            said = json.loads(payload)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            said = envelope(ProviderFailed("The provider sent what is not JSON."), self._request_id)
        if not self._begun:
            self._begun = True
            yield from self._writer.begin(said)
        if isinstance(said.get("error"), dict):
            self._over = True
            yield from self._writer.fail(said["error"])
            return
        self._usage = said.get("usage") or self._usage
        for step in self._steps.read(choice_of(said)):
            yield from self._writer.step(step)

    def _end(self) -> Iterator[JsonObject]:
        self._over = True
        if not self._begun:
            yield from self._writer.begin({})
        for step in self._steps.end():
            yield from self._writer.step(step)
        yield from self._writer.end(self._steps.finish, self._steps.stopped_at, self._usage)
