"""Connections to one host that are kept alive between calls, and between the invocations of a Lambda."""

import functools
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from aggregator.runtime.http_wire import Answer, ClosedError, Connection, NotSentError

if TYPE_CHECKING:
    from ssl import SSLContext

_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""What `socket.getaddrinfo` finds."""


class Origin(NamedTuple):
    """Where a URL leads: whether over TLS, to which host and port, and which path comes before all others."""

    tls: bool
    host: str
    port: int
    path: str

    @classmethod
    @functools.lru_cache(maxsize=256)
    def of(cls, url: str) -> "Origin":
        """Take an endpoint's URL apart, once; `urllib.parse` would cost the start two milliseconds.

        Raises:
            ValueError: `url` is neither http:// nor https://, or names no host.
        """
        scheme, _, rest = url.partition("://")
        authority, _, path = rest.partition("/")
        bracket = authority.rfind("]")
        colon = authority.rfind(":", bracket + 1)
        host = (authority if colon < 0 else authority[:colon]).strip("[]")
        if scheme not in ("http", "https") or not host:
            raise ValueError(f"not an http(s) URL: {url}")
        port = int(authority[colon + 1 :]) if colon >= 0 else {"http": 80, "https": 443}[scheme]
        return cls(scheme == "https", host, port, "/" + path)

    @property
    def header(self) -> str:
        """The `Host` header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


@functools.cache
def tls_context() -> "SSLContext":
    """Return the one TLS context of the process: reading the system's certificates costs 18 ms of CPU, so only once.

    Hosts and certificates are verified. `SSL_CERT_FILE` names other certificates, as for OpenSSL.
    """
    import ssl  # noqa: PLC0415  # 6 ms of CPU that a plain-text endpoint does not pay

    return ssl.create_default_context()


class HttpPool:
    """Connections to `origin`, as many as threads are calling at once; idle ones are kept for the next call.

    One that has been idle for `idle_seconds` of `clock` is not used again: a frozen Lambda environment does not see
    its server hang up. AWS's own SDK for Java draws that line at 60 s.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        connect_seconds: float,
        idle_seconds: float = 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._origin = origin
        self._connect_seconds = connect_seconds
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._idle: deque[tuple[Connection, float]] = deque()  # append and pop are atomic, so no lock

    def warm(self) -> None:
        """Open one connection ahead of the first call.

        Raises:
            NotSentError: the host cannot be reached.
        """
        self._idle.append((connect(self._origin, self._connect_seconds), self._clock()))

    def close(self) -> None:
        """Close what is idle: connections do not survive a snapshot."""
        while self._idle:
            self._idle.pop()[0].close()

    def exchange(self, request: bytes, *, seconds: float, repeatable: bool) -> Answer:
        """Send `request` and wait `seconds` at most for its whole answer.

        A kept-alive connection that turns out to be dead is replaced once, unless the request may have arrived
        and must not arrive twice.

        Raises:
            NotSentError: nothing was done.
            NoAnswerError: it may have been carried out.
        """
        deadline = time.monotonic() + seconds
        kept = self._take()
        if kept is not None:
            try:
                return self._over(kept, request, deadline)
            except NotSentError:
                pass
            except ClosedError:
                if not repeatable:
                    raise
        left = max(0.001, min(deadline - time.monotonic(), self._connect_seconds))
        return self._over(connect(self._origin, left), request, deadline)

    def _take(self) -> Connection | None:
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if 0 <= self._clock() - since < self._idle_seconds and connection.is_open():
                return connection
            connection.close()
        return None

    def _over(self, connection: "Connection", request: bytes, deadline: float) -> Answer:
        try:
            answer, lasts = connection.exchange(request, deadline)
        except BaseException:
            connection.close()
            raise
        if lasts:
            self._idle.append((connection, self._clock()))
        else:
            connection.close()
        return answer


def connect(origin: Origin, seconds: float, may: Callable[[str], bool] | None = None) -> Connection:
    """A new connection to `origin`; `may` says which of the IP addresses that its name leads to are ones to talk to.

    The others get not so much as a packet, and what was looked at is what is called: a name is resolved once.
    `seconds` are for all of it: the name, each of its addresses, and TLS.

    Raises:
        NotSentError: the host cannot be reached within `seconds`, or is not who it should be.
    """
    deadline = time.monotonic() + seconds
    try:
        plain = _first_of(_permitted(_addresses(origin, seconds), may), deadline)
    except OSError as refused:
        raise NotSentError(f"cannot connect: {refused}") from refused
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not origin.tls:
            return Connection(plain, BlockingIOError)
        from ssl import SSLWantReadError  # noqa: PLC0415  # see tls_context

        plain.settimeout(max(0.001, deadline - time.monotonic()))
        secured = tls_context().wrap_socket(plain, server_hostname=origin.host)
        return Connection(secured, SSLWantReadError)
    except OSError as refused:
        plain.close()
        raise NotSentError(f"cannot connect: {refused}") from refused


def _permitted(addresses: Sequence[_Address], may: Callable[[str], bool] | None) -> Sequence[_Address]:
    """Those of `addresses` that may be called.

    Raises:
        OSError: there are some, and none may.
    """
    if may is None:
        return addresses
    permitted = [each for each in addresses if may(each[4][0])]
    if addresses and not permitted:
        raise OSError("the name leads to no address that may be called")
    return permitted


def _first_of(addresses: Sequence[_Address], deadline: float) -> socket.socket:
    """Connect to the first address that answers; one that does not leaves the others their share of the time.

    Raises:
        OSError: none did.
    """
    failed: OSError | None = None
    for n, (family, kind, protocol, _, address) in enumerate(addresses):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(left / (len(addresses) - n))
            plain.connect(address)
        except OSError as refused:
            plain.close()
            failed = failed or refused
        else:
            return plain
    raise failed or TimeoutError("timed out")


def _addresses(origin: Origin, seconds: float) -> Sequence[_Address]:
    """Addresses of a host, found within `seconds`.

    The system's resolver cannot be interrupted, so a thread asks it: where the answer does not come, the thread waits
    on alone, for as long as the resolver does.

    Raises:
        OSError: there is no such host, or it was not found in time.
    """
    if origin.host.replace(".", "").isdecimal() or ":" in origin.host:
        return socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    found: list[Sequence[_Address] | OSError] = []

    def ask() -> None:
        try:
            found.append(socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as unknown:  # UnicodeError: a label of the name is too long
            found.append(unknown if isinstance(unknown, OSError) else OSError(f"no such name: {unknown}"))

    thread = Thread(target=ask, name="resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError("the name was not resolved in time")
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]
