"""Scripts for streams of server-sent events, whole or broken on the way."""

from collections.abc import Callable, Iterable, Iterator

from local.standin.ask import JsonObject
from local.standin.directives import Directives
from local.standin.errors import error_body
from local.standin.http_message import Request, framed, last_frame, stream_head
from local.standin.replies import as_json, usual_headers
from local.standin.script import HANG, SETTLE, Action, End, Wait

_BROKEN = b'{"id": "chatcmpl-standin", "choices": [{"index": 0, "del'
_BETWEEN_WRITES = Wait(0.001)


def stream_script(
    chunks: Iterable[JsonObject],
    directives: Directives,
    request: Request,
    number: int,
    error: Callable[[JsonObject, int], JsonObject] | None = None,
) -> Iterator[Action]:
    """The head, an event for each chunk, `[DONE]`, the end; with the faults that `directives` name.

    With `error`, which makes an error of OpenAI's one of another dialect, events have names, and no `[DONE]` follows.
    """
    yield stream_head(request, usual_headers(number))
    if directives.first_token:
        yield Wait(directives.first_token)
    for written in _written(_events(chunks, directives, error), directives):
        yield written if isinstance(written, Wait | End) else framed(request, written)
    if last := last_frame(request):
        yield last
    else:
        yield End.CLOSE


def _events(
    chunks: Iterable[JsonObject],
    directives: Directives,
    error: Callable[[JsonObject, int], JsonObject] | None,
) -> Iterator[Action]:
    """Each event as bytes, and what goes wrong between them."""
    sent = 0
    for chunk in chunks:
        if stop := _stop_after(sent, directives, error):
            yield from stop
            return
        if sent and directives.token_delay:
            yield Wait(directives.token_delay)
        yield _event(as_json(chunk), directives, str(chunk["type"]) if error else "")
        sent += 1
        if directives.garbage:
            yield _event(_BROKEN, directives)
            break
    if stop := _stop_after(sent, directives, error, at_the_end=True):
        yield from stop
        return
    if not (directives.no_done or error):
        yield _event(b"[DONE]", directives)


def _stop_after(
    sent: int,
    directives: Directives,
    error: Callable[[JsonObject, int], JsonObject] | None,
    *,
    at_the_end: bool = False,
) -> list[Action]:
    """What ends a stream of which `sent` events went out, if it ends here.

    A fault that is told for later than the last chunk comes before `[DONE]`: it never fails to happen.
    """

    def here(after: int | None) -> bool:
        return after is not None and (sent == after or at_the_end)

    if here(directives.cut):
        return [SETTLE, End.RESET]
    if here(directives.close):
        return [SETTLE, End.CLOSE]
    if here(directives.hang_after):
        return [HANG, End.RESET]
    if here(directives.error_in_stream):
        body = error_body(
            "The server had an error in the middle of its answer.", kind="server_error", code=None
        )
        return [_event(as_json(error(body, 500) if error else body), directives, "error" if error else "")]
    return []


def _event(data: bytes, directives: Directives, name: str = "") -> bytes:
    end = b"\r\n" if directives.crlf else b"\n"
    comment = b": stand-in is working" + end + end if directives.heartbeat else b""
    named = b"event: " + name.encode() + end if name else b""
    return comment + named + b"data: " + data + end + end


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
