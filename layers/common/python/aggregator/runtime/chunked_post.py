"""One HTTP/1.1 POST whose body leaves in chunks as they come: the wire half of our streaming runtime.

A socket of its own and nothing above it: `http.client` cannot send trailers, and a start may not pay for more.
The bytes are those of the official Node client (npm aws-lambda-ric, `createResponseStream`), down to the order
of the headers; tests/runtime compares them. Standard library only.
"""

import select
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self

ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
ERROR_BODY = "Lambda-Runtime-Function-Error-Body"


class ReaderGoneError(Exception):
    """The other side closed the connection, or answered before the body was at its end; nobody reads on."""


class ChunkedPost:
    """A POST to `path` at `address` ("host:port"); each `send` is one chunk on the wire at once (TCP_NODELAY).

    Raises `ReaderGoneError` from every step once the connection is lost.
    """

    def __init__(self, address: str, path: str, content_type: str, headers: Mapping[str, str]) -> None:
        host, _, port = address.rpartition(":")
        try:
            self._socket = socket.create_connection((host or address, int(port) if host else 80))
        except OSError as refused:
            raise ReaderGoneError(f"cannot connect to {address}: {refused}") from refused
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._incoming = select.poll()
        self._incoming.register(self._socket, select.POLLIN)
        lines = [
            f"POST {path} HTTP/1.1",
            "Lambda-Runtime-Function-Response-Mode: streaming",
            f"Trailer: {ERROR_TYPE}",
            f"Trailer: {ERROR_BODY}",
            f"Content-Type: {content_type}",
            "Transfer-Encoding: chunked",
            *(f"{name}: {value}" for name, value in headers.items()),
            f"Host: {address}",
            "Connection: keep-alive",
        ]
        self._unsent = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, *chunks: bytes) -> None:
        """Send each of `chunks` as one chunk; empty ones are left out, for an empty chunk would end the body."""
        framed = b"".join([b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk])
        if framed:
            self._write(framed)

    def finish(self, trailers: Mapping[str, str]) -> int:
        """End the body, with `trailers` if it ended badly; return the status of the answer."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
        self._write(b"0\r\n" + lines.encode("latin-1", "replace") + b"\r\n")
        return self._status()

    def _write(self, data: bytes) -> None:
        if not self._unsent and self._answered():
            raise ReaderGoneError("the runtime API stopped reading in mid-stream")
        try:
            self._socket.sendall(self._unsent + data)
        except OSError as lost:
            raise ReaderGoneError(str(lost)) from lost
        self._unsent = b""

    def _answered(self) -> bool:
        """Whether the other side has closed or answered already: without a look, a close shows one chunk late."""
        return bool(self._incoming.poll(0))

    def _status(self) -> int:
        answer = b""
        try:
            while b"\r\n\r\n" not in answer:
                part = self._socket.recv(4096)
                if not part:
                    raise ReaderGoneError("the runtime API closed the connection without an answer")
                answer += part
        except OSError as lost:
            raise ReaderGoneError(str(lost)) from lost
        return int(answer.split(b" ", 2)[1])
