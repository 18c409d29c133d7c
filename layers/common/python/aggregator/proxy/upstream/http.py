"""HTTP to providers: kept-alive connections that outlive one invocation, and deadlines. Standard library only."""

import time
from collections.abc import Generator, Iterator, Mapping
from functools import partial
from io import BytesIO
from typing import NamedTuple

from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.runtime.http_pool import Origin, connect
from aggregator.runtime.http_wire import (
    ClosedError,
    Connection,
    Head,
    NoAnswerError,
    NotSentError,
    pieces_of,
    request_bytes,
)
from aggregator.runtime.public_address import may_be_called

_CONNECT_SECONDS = 10.0
_REST_SECONDS = 5.0
"""How long an answer that has ended is read on, for its count and its end mark."""

_END_SECONDS = 0.05
"""How long the end of an answer that is whole is waited for, so that its connection can be used again."""

_IDLE_SECONDS = 60.0
"""A connection that nobody used for so long is not used again: on a frozen environment its end goes unseen."""
_ERROR_SECONDS = 3.0
_LARGEST_ERROR = 1_000_000
"""How long, and how much, is read of what a provider says about an error: its status is known by then."""


class HttpUpstream:
    """Providers over HTTP/1.1. One connection a host is kept, for a Lambda serves one request at a time.

    Whatever a provider's name leads to, only addresses of the internet are talked to: not the platform's own network,
    and not this machine, unless `this_machine` allows it, as on a developer's. It costs new connections a microsecond.
    """

    def __init__(self, *, this_machine: bool = False) -> None:
        self._may = partial(may_be_called, this_machine=this_machine)
        self._idle: dict[tuple[bool, str, int], tuple[Connection, float]] = {}

    def post(self, request: UpstreamRequest, deadline: float) -> "HttpResponse":
        """Send a request and wait for the head of its answer.

        A kept connection that turns out to be closed is replaced once: the provider cannot have answered on it.

        Raises:
            UpstreamError: no answer; `timed_out` if `deadline` (on the monotonic clock) or the provider's own
                time for the first byte passed. While the body is read, also if nothing came for the provider's
                `silence_seconds`.
        """
        origin = Origin.of(request.url)
        sent = request_bytes("POST", origin.path, _headers(origin, request), request.body)
        first_byte = min(time.monotonic() + request.first_byte_seconds, deadline)
        try:
            kept = self._take(origin)
            if kept is not None:
                try:
                    head = _begin(kept, sent, first_byte)
                    return HttpResponse(
                        self, origin, kept, head, _Patience(deadline, request.silence_seconds)
                    )
                except (NotSentError, ClosedError) as closed:
                    if _timed_out(closed):
                        raise
            seconds = max(0.001, min(_CONNECT_SECONDS, deadline - time.monotonic()))
            fresh = connect(origin, seconds, self._may)
            first_byte = min(time.monotonic() + request.first_byte_seconds, deadline)
            head = _begin(fresh, sent, first_byte)
            return HttpResponse(self, origin, fresh, head, _Patience(deadline, request.silence_seconds))
        except (NotSentError, NoAnswerError) as broken:
            raise _error(broken) from broken

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Take back a connection whose answer was read to its end."""
        before = self._idle.pop(origin[:3], None)
        if before is not None:
            before[0].close()
        self._idle[origin[:3]] = (connection, time.time())

    def close(self) -> None:
        """Close the connections that are kept; new ones are made as needed."""
        while self._idle:
            self._idle.popitem()[1][0].close()

    def _take(self, origin: Origin) -> Connection | None:
        connection, since = self._idle.pop(origin[:3], (None, 0.0))
        if connection is None:
            return None
        if 0 <= time.time() - since < _IDLE_SECONDS and connection.is_open():
            return connection
        connection.close()
        return None


class _Silent(NoAnswerError):
    """Nothing came for as long as the provider may be silent."""


class _Patience(NamedTuple):
    """How long a body is waited for: until `deadline`, and between two pieces of it for `silence_seconds`."""

    deadline: float
    silence_seconds: float

    def within(self, seconds: float) -> "_Patience":
        """The same, for so long from now at the most."""
        return self._replace(deadline=min(self.deadline, time.monotonic() + seconds))

    def receive(self, connection: Connection) -> bytes:
        """What comes next; nothing if the provider has hung up.

        Raises:
            NoAnswerError: nothing came in time, `_Silent` if before the deadline, or the connection broke.
        """
        silent_at = time.monotonic() + self.silence_seconds
        if silent_at >= self.deadline:
            return connection.receive(self.deadline)
        try:
            return connection.receive(silent_at)
        except NoAnswerError as broken:
            if not _timed_out(broken):
                raise
            raise _Silent(f"nothing came for {self.silence_seconds:g} s") from broken.__cause__


class HttpResponse:
    """A provider's answer. Its connection is kept when the body was read whole, and closed otherwise."""

    def __init__(
        self, upstream: HttpUpstream, origin: Origin, connection: Connection, head: Head, patience: _Patience
    ) -> None:
        self.status = head.status
        self.headers: Mapping[str, str] = head.headers
        self.connection = connection
        self._upstream = upstream
        self._origin = origin
        self._head = head
        self._patience = patience
        self._given_back = False
        self._reading: Iterator[bytes] = iter(())

    def read(self) -> bytes:
        """See `UpstreamResponse.read`."""
        body = BytesIO()  # its value is its own buffer, where joining the blocks would need as much again
        for block in self.blocks():
            body.write(block)
        return body.getvalue()

    def read_error(self) -> bytes:
        """See `UpstreamResponse.read_error`."""
        self._patience = self._patience.within(_ERROR_SECONDS)
        said = b""
        try:
            for block in (blocks := self.blocks()):
                said += block
                if len(said) > _LARGEST_ERROR:
                    blocks.close()
                    break
        except UpstreamError:
            pass
        return said

    def blocks(self) -> Generator[bytes]:
        """See `UpstreamResponse.blocks`."""
        blocks = self._reading = self._blocks()
        return blocks

    def hasten(self) -> None:
        """See `UpstreamResponse.hasten`."""
        self._patience = self._patience.within(_REST_SECONDS)

    def release(self) -> None:
        """See `UpstreamResponse.release`; its end has mostly come with what was read last."""
        self._patience = self._patience.within(_END_SECONDS)
        try:
            for _ in self._reading:
                pass
        except UpstreamError:
            self.close()

    def _blocks(self) -> Generator[bytes]:
        left_over = True
        try:
            left_over = yield from pieces_of(self._head, self._receive)
        except NoAnswerError as broken:
            raise _error(broken) from broken
        finally:
            if self._head.lasts and not left_over:
                self._given_back = True
                self._upstream.keep(self._origin, self.connection)
            else:
                self.close()

    def _receive(self) -> bytes:
        return self._patience.receive(self.connection)

    def close(self) -> None:
        """See `UpstreamResponse.close`; one read to its end has given its connection back, perhaps to another."""
        if not self._given_back:
            self.connection.close()


def _headers(origin: Origin, request: UpstreamRequest) -> dict[str, str]:
    """What goes out; a signed request brings its own `Host`.

    Raises:
        ValueError: a value would break out of its line.
    """
    headers = dict(request.headers)
    if "host" not in map(str.lower, headers):
        headers = {"Host": origin.header, **headers}
    values = "".join(headers.values())
    if "\r" in values or "\n" in values:
        raise ValueError("a header's value holds a line end")
    return headers


def _begin(connection: Connection, request: bytes, deadline: float) -> Head:
    try:
        return connection.begin(request, deadline)
    except BaseException:
        connection.close()
        raise


def _error(broken: Exception) -> UpstreamError:
    return UpstreamError(str(broken), timed_out=_timed_out(broken), silent=isinstance(broken, _Silent))


def _timed_out(broken: Exception) -> bool:
    return isinstance(broken.__cause__, TimeoutError)
