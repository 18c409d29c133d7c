"""HTTP to providers: kept-alive connections that outlive one invocation, and deadlines. Standard library only."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from aggregator.proxy.model import UpstreamError, UpstreamRequest
from aggregator.runtime.http_pool import tls_context

_CONNECT_SECONDS = 10.0
_BLOCK_BYTES = 65536
_LEAST_TIMEOUT_SECONDS = 0.05


class HttpUpstream:
    """Providers over HTTP/1.1. One connection a host is kept, for a Lambda serves one request at a time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._idle: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def post(self, request: UpstreamRequest, deadline: float) -> "HttpResponse":
        """Send a request and wait for the head of its answer.

        A kept connection that turns out to be closed is replaced once: the provider cannot have answered on it.

        Raises:
            UpstreamError: no answer; `timed_out` if `deadline` (on the monotonic clock) or the provider's own
                time for the first byte passed.
        """
        parts = urlsplit(request.url)
        place = (parts.scheme, parts.netloc)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        kept = self._idle.pop(place, None)
        if kept is not None:
            try:
                return self._send(kept, place, target, request, deadline)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                kept.close()
            except (OSError, http.client.HTTPException) as broken:
                kept.close()
                raise _error(broken) from broken
        connection = _connection(*place)
        try:
            connection.timeout = min(_CONNECT_SECONDS, self.left(deadline))
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._send(connection, place, target, request, deadline)
        except (OSError, http.client.HTTPException) as broken:
            connection.close()
            raise _error(broken) from broken

    def _send(
        self,
        connection: http.client.HTTPConnection,
        place: tuple[str, str],
        target: str,
        request: UpstreamRequest,
        deadline: float,
    ) -> "HttpResponse":
        connection.sock.settimeout(min(request.first_byte_seconds, self.left(deadline)))
        connection.request("POST", target, request.body, dict(request.headers))
        wire = connection.sock  # getresponse lets go of it where the provider will close
        return HttpResponse(self, connection, wire, place, deadline)

    def left(self, deadline: float) -> float:
        """Seconds until `deadline`, never quite none: a socket takes 0 for "do not wait at all"."""
        return max(deadline - self._monotonic(), _LEAST_TIMEOUT_SECONDS)

    def keep(self, place: tuple[str, str], connection: http.client.HTTPConnection) -> None:
        """Take back a connection whose answer was read to its end."""
        self._idle[place] = connection

    def close(self) -> None:
        """Close the connections that are kept; new ones are made as needed."""
        while self._idle:
            self._idle.popitem()[1].close()


class HttpResponse:
    """A provider's answer. Its connection is kept when the body was read whole, and closed otherwise."""

    def __init__(
        self,
        upstream: HttpUpstream,
        connection: http.client.HTTPConnection,
        wire: socket.socket,
        place: tuple[str, str],
        deadline: float,
    ) -> None:
        self._response = connection.getresponse()
        self.status = self._response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in self._response.getheaders()}
        self._upstream = upstream
        self._connection = connection
        self._wire = wire
        self._place = place
        self._deadline = deadline
        self._given_back = False

    def read(self) -> bytes:
        """See `UpstreamResponse.read`."""
        return b"".join(self.blocks())

    def blocks(self) -> Iterator[bytes]:
        """See `UpstreamResponse.blocks`."""
        whole = False
        try:
            while True:
                if (
                    not self._response.isclosed()
                ):  # at a body's end, from Python 3.12.2 on, before its last read
                    self._set_timeout()
                block = self._response.read1(_BLOCK_BYTES)
                if not block:
                    whole = not self._response.length  # None: chunked, whose end was seen, or until closed
                    if not whole:
                        raise UpstreamError("the answer ended before its end")
                    return
                yield block
        except (OSError, http.client.HTTPException) as broken:
            raise _error(broken) from broken
        finally:
            self._done(whole=whole)

    def close(self) -> None:
        """See `UpstreamResponse.close`; one read to its end has given its connection back, perhaps to another."""
        if self._given_back:
            return
        self._response.close()
        self._connection.close()

    def _set_timeout(self) -> None:
        left = self._upstream.left(self._deadline)
        if left <= _LEAST_TIMEOUT_SECONDS:
            raise TimeoutError
        self._wire.settimeout(left)

    def _done(self, *, whole: bool) -> None:
        if whole and not self._response.will_close:
            self._response.close()
            self._given_back = True
            self._upstream.keep(self._place, self._connection)
        else:
            self.close()


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, context=tls_context())
    return http.client.HTTPConnection(netloc)


def _error(broken: Exception) -> UpstreamError:
    return UpstreamError(type(broken).__name__, timed_out=isinstance(broken, TimeoutError))
