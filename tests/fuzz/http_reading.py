"""What our readers of HTTP make of an answer, held against llhttp."""

import os
import select
import socket
import time
from collections.abc import Sequence
from functools import cache
from itertools import product
from random import Random
from typing import cast

from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.proxy.upstream.http import HttpUpstream
from aggregator.runtime.chunked_post import ChunkedPost, KeptConnection, ReaderGoneError
from aggregator.runtime.http_pool import Origin
from aggregator.runtime.http_wire import Connection, NoAnswerError
from tests.fuzz.http_answers import answer, cut, in_bytes
from tests.fuzz.llhttp import CLOSED_SOONER, READ_OTHERWISE, STRICTER, Read, Seen
from tests.fuzz.smallest import least_difference

_URL = "http://127.0.0.1:1/"
_READABLE = os.open(os.devnull, os.O_RDONLY)
"""Where something can always be read, so that whoever asks whether there is anything has to look."""


class Says:
    """A socket that says `pieces` once it was asked, one at a time, and hangs up after the last."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self._waits = True
        self._asked = False

    def settimeout(self, seconds: float | None) -> None:
        self._waits = seconds is None or seconds > 0

    def fileno(self) -> int:
        return _READABLE

    def sendall(self, _data: bytes) -> None:
        self._asked = True

    def has_more(self) -> bool:
        """Whether it would still say something that nobody asked for."""
        return bool(self._pieces)

    def close(self) -> None: ...

    def recv(self, _size: int) -> bytes:
        if not self._waits and not (self._asked and self._pieces):
            raise BlockingIOError  # it hangs up later than anyone looks
        return self._pieces.pop(0) if self._pieces else b""


def connection_that_says(pieces: Sequence[bytes]) -> Connection:
    """A connection over such a socket."""
    return Connection(cast("socket.socket", Says(pieces)), BlockingIOError)


def as_aws_answers_are_read(pieces: Sequence[bytes]) -> Read | None:
    """See `http_wire.Connection.exchange`."""
    connection = connection_that_says(pieces)
    try:
        said, lasts = connection.exchange(b"GET / HTTP/1.1\r\n\r\n", time.monotonic() + 60)
    except NoAnswerError:
        return None
    return Read(*said, lasts and connection.is_open())


def as_providers_are_read(pieces: Sequence[bytes]) -> Read | None:
    """See `proxy.upstream.http.HttpUpstream`."""
    upstream = HttpUpstream()
    connection = connection_that_says(pieces)
    upstream.keep(Origin.of(_URL), connection)
    try:
        response = upstream.post(_request(), time.monotonic() + 60)
        body = response.read()
    except UpstreamError:
        return None
    return Read(response.status, dict(response.headers), body, bool(upstream._idle) and connection.is_open())


def as_lambdas_answers_are_read(pieces: Sequence[bytes]) -> Read | None:
    """See `chunked_post.ChunkedPost`: of what the Runtime API answers only the status is of interest."""
    kept = _Kept(pieces)
    try:
        with ChunkedPost(kept, "/", "text/plain", {}) as post:
            status = post.finish({})
    except ReaderGoneError:
        return None
    return Read(status, {}, b"", lasts=kept.is_given_back and not kept.says.has_more())


def difference(wire: bytes, pick: Random) -> str | None:
    """In what our readers and llhttp differ over `wire`, whole and in pieces, and no rule says that they do."""
    seen = Seen(wire)
    if not wire or any(rule.found(seen) for rule in READ_OTHERWISE.values()):
        return None
    theirs = seen.read()
    stricter = [name for name, rule in STRICTER.items() if theirs is not None and rule.found(seen)]
    expected = None if stricter or theirs is None else theirs
    if expected is not None and any(rule.found(seen) for rule in CLOSED_SOONER.values()):
        expected = expected._replace(lasts=False)
    readers = (as_aws_answers_are_read, as_providers_are_read)
    in_pieces = cut(pick, wire)
    ours = as_lambdas_answers_are_read(in_pieces)
    if ours != (expected and expected._replace(headers={}, body=b"")):
        return f"as Lambda's answers are read: {ours}\nllhttp: {theirs}\nstricter by: {stricter}\npieces: {in_pieces}"
    ways = [*product(readers, ([wire], cut(pick, wire))), (pick.choice(readers), in_bytes(wire))]
    for reader, pieces in ways:
        ours = reader(pieces)
        if ours != expected:
            return f"{reader.__name__}: {ours}\nllhttp: {theirs}\nstricter by: {stricter}\npieces: {pieces}"
    return None


def of_seed(seed: int) -> str | None:
    """The difference over the answer that `seed` makes, at its smallest."""
    return least_difference(seed, answer, difference)


@cache
def _request() -> UpstreamRequest:
    return UpstreamRequest(_URL, {}, b"", first_byte_seconds=60)


class _Kept(KeptConnection):
    """A connection that says `pieces` once the whole body was sent."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__("127.0.0.1:1")
        self.says = Says(pieces)
        self.is_given_back = False

    def take(self) -> tuple[socket.socket, select.poll]:
        return cast("socket.socket", self.says), select.poll()

    def give_back(self, _connection: socket.socket, _incoming: select.poll) -> None:
        self.is_given_back = True
