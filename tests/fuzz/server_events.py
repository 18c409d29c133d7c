"""Server-sent events for two readers to differ on, and what OpenAI's SDK makes of them."""

import re
from random import Random

from openai._streaming import SSEDecoder

from aggregator.errors import ProviderUnreadable
from aggregator.runtime.sse import payload_of, split, whole_events
from tests.fuzz.http_answers import cut, in_bytes
from tests.fuzz.smallest import least_difference

NO_EVENT = "an event that begins with no field that there is"
"""What OpenAI's SDK passes over and we refuse: a page of HTML in place of a stream is told as such, not as silence."""

_KNOWN = (b"data", b"event", b"id", b"retry")
_FIELDS = (b"data", b"data", b"data", b"data", b"event", b"id", b"retry", b"")
_ODD_FIELDS = (b"datum", b"Data", b" data", b"x", b"<html>")
_VALUES = (
    b"", b"a", b" a", b"  a ", b"{}", b"[DONE]", b"a:b", b"error", b"7", b"\xc3\xa4", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\x0b\x0c\x1c", b"\t", b"\x00",
)  # fmt: skip


def stream(pick: Random) -> bytes:
    """Some events, each of some lines, with one kind of line end or all of them, at times cut short."""
    odd = pick.choice((0.0, 0.0, 0.03, 0.1))
    ends = pick.choice(((b"\n",), (b"\r\n",), (b"\r",), (b"\n", b"\r\n", b"\r")))
    wire = b""
    for _ in range(pick.choice((1, 2, 4))):
        for _ in range(pick.choice((0, 1, 1, 1, 2, 3))):
            field = pick.choice(_ODD_FIELDS if pick.random() < odd else _FIELDS)
            colon = b"" if pick.random() < odd else pick.choice((b":", b": "))
            wire += field + (colon and colon + pick.choice(_VALUES)) + pick.choice(ends)
        wire += pick.choice(ends)
    return wire[: pick.randrange(len(wire)) + 1] if pick.random() < 0.1 else wire


def ours(pieces: list[bytes]) -> list[str]:
    """The data of each event that has any, and at last what is refused."""
    found: list[str] = []
    try:
        for run in whole_events(iter(pieces)):
            found.extend(data.decode() for event in split(run) if (data := payload_of(event)))
    except ProviderUnreadable:
        found.append(NO_EVENT)
    return found


def theirs(wire: bytes) -> list[str]:
    """The same by OpenAI's SDK, told that the last event is over where the stream ends."""
    kept, refused = _to_what_is_refused(wire)
    found = [event.data for event in SSEDecoder().iter_bytes(iter([kept + b"\n\n"])) if event.data]
    return [*found, NO_EVENT] if refused else found


def difference(wire: bytes, pick: Random) -> str | None:
    """In what our reader and OpenAI's differ over `wire`, whole and in pieces."""
    try:
        expected = theirs(wire)
    except UnicodeDecodeError:  # cut within a letter
        return None
    for pieces in ([wire], cut(pick, wire), in_bytes(wire)):
        found = ours(pieces)
        if found != expected:
            return f"ours: {found}\nOpenAI's: {expected}\npieces: {pieces}"
    return None


def of_seed(seed: int) -> str | None:
    """The difference over the stream that `seed` makes, at its smallest."""
    return least_difference(seed, stream, difference)


def _to_what_is_refused(wire: bytes) -> tuple[bytes, bool]:
    """What comes before the first event that we refuse, and whether there is one."""
    lines = re.sub(rb"\r\n?", b"\n", wire)
    at = 0
    for event in lines.split(b"\n\n"):
        name, colon, _ = event.lstrip().partition(b"\n")[0].partition(b":")
        if event.strip() and name not in _KNOWN and (name or not colon):
            return lines[:at], True
        at += len(event) + 2
    return lines, False
