"""Scripts for streams of events, whole or broken on the way."""

from collections.abc import Iterable, Iterator

from local.standin.ask import JsonObject
from local.standin.directives import Directives
from local.standin.http_message import Request, framed, last_frame, stream_head
from local.standin.replies import usual_headers
from local.standin.script import HANG, SETTLE, Action, End, Wait
from local.standin.wire import Wire

_BETWEEN_WRITES = Wait(0.001)


def stream_script(
    events: Iterable[JsonObject], directives: Directives, request: Request, number: int, wire: Wire
) -> Iterator[Action]:
    """The head, each of `events` in the form of `wire`, the end; with the faults that `directives` name."""
    yield stream_head(request, wire.content_type, usual_headers(number))
    if directives.first_token:
        yield Wait(directives.first_token)
    for written in _written(_events(events, directives, wire), directives):
        yield written if isinstance(written, Wait | End) else framed(request, written)
    if last := last_frame(request):
        yield last
    else:
        yield End.CLOSE


def _events(events: Iterable[JsonObject], directives: Directives, wire: Wire) -> Iterator[Action]:
    """Each event as bytes, and what goes wrong between them."""
    eol = b"\r\n" if directives.crlf else b"\n"
    alive = wire.comment(eol) if directives.heartbeat else b""
    sent = 0
    for event in events:
        if stop := _stop_after(sent, directives, wire.failed(eol)):
            yield from stop
            return
        if sent and directives.token_delay:
            yield Wait(directives.token_delay)
        yield alive + wire.event(event, eol)
        sent += 1
        if directives.garbage:
            yield alive + wire.broken(eol)
            break
    if stop := _stop_after(sent, directives, wire.failed(eol), at_the_end=True):
        yield from stop
        return
    if not directives.no_done and (end := wire.end(eol)):
        yield alive + end


def _stop_after(
    sent: int, directives: Directives, failed: bytes, *, at_the_end: bool = False
) -> list[Action]:
    """What ends a stream of which `sent` events went out, if it ends here.

    A fault that is told for later than the last event comes before its end: it never fails to happen.
    """

    def here(after: int | None) -> bool:
        return after is not None and (sent == after or at_the_end)

    if here(directives.cut):
        return [SETTLE, End.RESET]
    if here(directives.close):
        return [SETTLE, End.CLOSE]
    if here(directives.hang_after):
        return [HANG, End.RESET]
    return [failed] if here(directives.error_in_stream) else []


def _written(events: Iterator[Action], directives: Directives) -> Iterator[Action]:
    """The events as they are written: each in one piece, in small pieces, or several in one."""
    if directives.slow_loris:
        return _in_small_pieces(events, directives.slow_loris)
    return _in_bursts(events, directives.burst) if directives.burst else events


def _in_small_pieces(events: Iterator[Action], size: int) -> Iterator[Action]:
    for event in events:
        if isinstance(event, bytes):
            for start in range(0, len(event), size):
                yield event[start : start + size]
                yield _BETWEEN_WRITES
        else:
            yield event


def _in_bursts(events: Iterator[Action], size: int) -> Iterator[Action]:
    waiting: list[bytes] = []
    for event in events:
        if isinstance(event, bytes):
            waiting.append(event)
        if waiting and (len(waiting) == size or not isinstance(event, bytes)):
            yield b"".join(waiting)
            waiting = []
        if not isinstance(event, bytes):
            yield event
    if waiting:
        yield b"".join(waiting)
