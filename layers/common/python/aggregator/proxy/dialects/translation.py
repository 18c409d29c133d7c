"""A translated answer: what a provider says in its dialect, event by event, written in the client's.

| half     | is                              | and knows                                      |
|----------|---------------------------------|------------------------------------------------|
| `Source` | a provider dialect's `from_provider` | how its answers are cut and read           |
| `Writer` | a client dialect's `to_client`  | what its clients are told, and when            |

What is told is counted here, once, whatever the dialects. A plain answer is the sum of the events of a stream.
Standard library only.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject, Refusal
from aggregator.proxy.dialects.events import CALL, CALLS, END, STOP, Event
from aggregator.proxy.dialects.lengths import utf8_length
from aggregator.proxy.exchange import Answer, Progress
from aggregator.proxy.model import Ask, Receipt


class Reader(Protocol):
    """Reads the pieces of one answer in their order. `ended`: nothing more is worth waiting for."""

    ended: bool

    def read(self, said: JsonObject) -> Iterator[Event]:
        """What a piece says.

        Raises:
            Refusal: the provider failed, or cannot be understood.
        """
        ...


class Source(Protocol):
    """How the answers of a dialect are cut into pieces, and who reads them."""

    Reader: Callable[[Progress], Reader]

    def streamed(self, blocks: Iterator[bytes]) -> Iterator[Iterator[JsonObject]]:
        """The pieces of a stream, in runs as they come."""
        ...

    def replayed(self, body: bytes) -> Iterator[JsonObject]:
        """A plain answer as the pieces of a stream that says the same at once."""
        ...


class Writer(Protocol):
    """Writes one answer for a client, and keeps what its events add up to.

    `one_choice`: this dialect's answers have one choice, so only the first that says anything is written.
    """

    one_choice: bool

    def begin(self, answer_id: str, model: str) -> Iterator[bytes]:
        """What comes before all else, once; id and model are empty where the provider says none."""
        ...

    def write(self, event: Event) -> Iterator[bytes]:
        """One event of a choice, or a sign of life."""
        ...

    def end(self, usage: Usage, receipt: JsonObject) -> Iterator[bytes]:
        """The end of a whole stream."""
        ...

    def fail(self, refused: Refusal, request_id: str) -> Iterator[bytes]:
        """A failure in mid-stream."""
        ...

    def whole(self, usage: Usage) -> JsonObject:
        """What all events add up to, after the last."""
        ...


class Translation:
    """One answer on its way from a provider to a client: reads, counts and writes it, and ends it."""

    def __init__(self, source: Source, writer: Writer) -> None:
        self._source = source
        self._writer = writer
        self._begun = False
        self._only: int | None = None
        self._open: set[int] = set()
        self._closed: set[int] = set()
        self._called: set[int] = set()

    def decode(self, body: bytes, progress: Progress) -> bytes:
        """A plain answer in the client's form, with the provider's count, if there is one.

        Raises:
            ProviderFailed: it is none that could be used.
            ProviderUnreadable: it is none that could be read.
        """
        reader = self._source.Reader(progress)
        for said in self._source.replayed(body):
            for event in reader.read(said):
                for _ in self._written(event, progress):
                    pass
        return self._sum(progress.usage or Usage())

    def stream(self, blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
        """What the client gets of a stream, one piece for each run of events; empty if that is nothing so far.

        Raises:
            ProviderFailed: an error came in the stream.
            ProviderUnreadable: what cannot be read did.
            UpstreamError: the stream broke off.
        """
        reader = self._source.Reader(progress)
        for run in self._source.streamed(blocks):
            said: list[bytes] = []
            try:
                for piece in run:
                    for event in reader.read(piece):
                        said += self._written(event, progress)
                    if reader.ended:
                        break
            except Refusal:
                if said:
                    yield b"".join(said)
                raise
            if said or not progress.begun:
                yield b"".join(said)
            if reader.ended:
                return  # whatever the connection does then

    def end(self, ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
        """The end of a whole stream, the receipt in it."""
        del ask, answer
        yield b"".join([*self._beginning(), *self._writer.end(receipt.usage, receipt.in_stream())])

    def fail(self, refused: Refusal, request_id: str, progress: Progress) -> bytes:
        """A failure in mid-stream."""
        del progress
        return b"".join([*self._beginning(), *self._writer.fail(refused, request_id)])

    def whole(self, ask: Ask, body: bytes, usage: Usage) -> Iterable[bytes]:
        """The plain answer; of a provider that did not count to the end with our own count, flagged."""
        del ask
        return [self._sum(usage) if usage.estimated else body]

    def _sum(self, usage: Usage) -> bytes:
        return json.dumps(self._writer.whole(usage), separators=(",", ":")).encode()

    def _written(self, event: Event, progress: Progress) -> Iterator[bytes]:
        match event.kind:
            case "named" if event.id or event.name:
                yield from self._beginning(event.id, event.name)
            case "alive":
                if self._begun:
                    yield from self._writer.write(event)
            case "counted":
                if event.usage is not None:
                    progress.count(event.usage)
            case "named":
                pass
            case _:
                yield from self._said(event, progress)

    def _said(self, event: Event, progress: Progress) -> Iterator[bytes]:
        if self._only is None:
            self._only = event.choice
        if self._writer.one_choice and event.choice != self._only:
            return
        yield from self._beginning()
        self._open.add(event.choice)
        if event.kind == END:
            if event.choice in self._closed:
                return
            self._closed.add(event.choice)
            if event.text:
                progress.say(0)
            event = replace(event, text=self._finish(event))
            progress.ended = len(self._closed)
            progress.finished = self._open == self._closed
        else:
            if event.kind == CALL:
                self._called.add(event.choice)
            progress.say(utf8_length(event.text) + utf8_length(event.name))
        yield from self._writer.write(event)

    def _finish(self, event: Event) -> str:
        """Why a choice ended: at calls if there are any, and only then, whatever its provider says."""
        called = event.choice in self._called
        if event.text in (STOP, CALLS, ""):
            return CALLS if called else STOP
        return event.text

    def _beginning(self, answer_id: str = "", model: str = "") -> Iterator[bytes]:
        if not self._begun:
            self._begun = True
            yield from self._writer.begin(answer_id, model)
