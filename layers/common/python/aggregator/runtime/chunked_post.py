"""One HTTP/1.1 POST whose body leaves in chunks as they come: the wire half of our streaming runtime.

A socket of its own and nothing above it: `http.client` cannot send trailers, and a start may not pay for more.
The bytes are those of the official Node client (npm aws-lambda-ric, `createResponseStream`), down to the order
of the headers; tests/runtime compares them. Standard library only.
"""

import select
import socket
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from aggregator.runtime.http_wire import Connection, NoAnswerError, watched

ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
ERROR_BODY = "Lambda-Runtime-Function-Error-Body"

_ANSWER_SECONDS = 900
"""A function's longest life: whoever reads a whole body and does not answer is given up with the function.

The system keeps this limit, and only where something is read: Python's own would cost each write a system call more."""

_FOREVER = float("inf")

_COPIED_BYTES = 65_536
"""Chunks up to this size are sent together with what is around them, in one write; larger ones by themselves."""


class ReaderGoneError(Exception):
    """The other side closed the connection, or answered before the body was at its end; nobody reads on."""


class KeptConnection:
    """The connection to `address` ("host:port"), kept from one post to the next while both sides leave it open."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._idle: tuple[socket.socket, select.poll] | None = None

    def take(self) -> tuple[socket.socket, select.poll]:
        """A connection on which nothing has come in, and what tells when something does.

        Raises:
            ReaderGoneError: nobody listens.
        """
        kept, self._idle = self._idle, None
        if kept is not None:
            if not kept[1].poll(0):
                return kept
            kept[0].close()
        host, _, port = self.address.rpartition(":")
        try:
            fresh = socket.create_connection((host or self.address, int(port) if host else 80))
        except OSError as refused:
            raise ReaderGoneError(f"cannot connect to {self.address}: {refused}") from refused
        fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _ANSWER_SECONDS, 0))
        return fresh, watched(fresh)

    def give_back(self, connection: socket.socket, incoming: select.poll) -> None:
        """Keep a connection whose last answer was read whole."""
        self._idle = connection, incoming


class ChunkedPost:
    """A POST to `path`; each `send` is one chunk on the wire at once (TCP_NODELAY).

    Raises `ReaderGoneError` from every step once the connection is lost.
    """

    def __init__(
        self, connection: KeptConnection, path: str, content_type: str, headers: Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._socket, self._incoming = connection.take()
        self._is_reusable = False
        self._has_begun = False
        lines = [
            f"POST {path} HTTP/1.1",
            "Lambda-Runtime-Function-Response-Mode: streaming",
            f"Trailer: {ERROR_TYPE}",
            f"Trailer: {ERROR_BODY}",
            f"Content-Type: {content_type}",
            "Transfer-Encoding: chunked",
            *(f"{name}: {value}" for name, value in headers.items()),
            f"Host: {connection.address}",
            "Connection: keep-alive",
        ]
        self._unsent = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_reusable and error is None:
            self._connection.give_back(self._socket, self._incoming)
        else:
            self._socket.close()

    def hold(self, *chunks: bytes) -> None:
        """Send each of `chunks` as one chunk, but not before there is more to send, or the end.

        Large ones leave at once, for to hold them is to copy them.
        """
        for chunk in chunks:
            if len(chunk) > _COPIED_BYTES:
                self._write(b"%x\r\n" % len(chunk))
                self._send(chunk)
                self._unsent = b"\r\n"
            elif chunk:
                self._unsent += b"%x\r\n%b\r\n" % (len(chunk), chunk)

    def send(self, *chunks: bytes) -> None:
        """Send each of `chunks` as one chunk; empty ones are left out, for an empty chunk would end the body."""
        self.hold(*chunks)
        if any(chunks):
            self._write(b"")

    def finish(self, trailers: Mapping[str, str]) -> int:
        """End the body, with `trailers` if it ended badly; return the status of the answer."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
        self._write(b"0\r\n" + lines.encode("latin-1", "replace") + b"\r\n")
        return self._status()

    def _write(self, data: bytes) -> None:
        if self._has_begun and self._answered():
            raise ReaderGoneError("the runtime API stopped reading in mid-stream")
        self._send(self._unsent + data)
        self._unsent, self._has_begun = b"", True

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as lost:
            raise ReaderGoneError(str(lost)) from lost

    def _answered(self) -> bool:
        """Whether the other side has closed or answered already: without a look, a close shows one chunk late."""
        return bool(self._incoming.poll(0))

    def _status(self) -> int:
        """Status of the answer, which is read whole, so that the connection can be used again."""
        try:
            posted = Connection(self._socket, BlockingIOError, timeout=_FOREVER)
            answer, self._is_reusable = posted.answer(_FOREVER)
        except (NoAnswerError, OSError) as lost:
            raise ReaderGoneError(str(lost)) from lost
        return answer.status
