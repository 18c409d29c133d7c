"""One HTTP/1.1 exchange on a plain socket: a request goes out, a whole answer comes back. Source: RFC 9112.

`http.client` brings the `email` package along: on top of the other imports here it costs a start 6 ms of CPU, and each
call 0.06 ms to parse headers as if they were mail. The hot functions can have both back for these lines.
"""

import socket
import time
from collections.abc import Mapping
from typing import NamedTuple

_LARGEST_HEAD = 65_536
_RECEIVE = 65_536
_BODILESS = frozenset({204, 304})


class NotSentError(Exception):
    """The server cannot have got the whole request: nothing was done, and sending it again is safe."""


class NoAnswerError(Exception):
    """The request went out and no whole answer came back: it may have been carried out."""


class ClosedError(NoAnswerError):
    """The connection ended before the first byte of an answer, as a kept-alive one does that the server gave up."""


class Answer(NamedTuple):
    """A whole HTTP answer; header names are in lower case, and the last of several equal ones counts."""

    status: int
    headers: dict[str, str]
    body: bytes


def request_bytes(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One request as it goes over the wire."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"{method} {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


class Connection:
    """One socket, and what it raises when there is nothing to read."""

    __slots__ = ("_nothing_to_read", "_socket")

    def __init__(self, connected: socket.socket, nothing_to_read: type[OSError]) -> None:
        self._socket = connected
        self._nothing_to_read = nothing_to_read

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def is_open(self) -> bool:
        """Whether the server has neither hung up nor sent what nobody asked for."""
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except self._nothing_to_read:
            return True
        except OSError:
            return False
        return False

    def exchange(self, request: bytes, deadline: float) -> tuple[Answer, bool]:
        """Answer to `request`, whole before `deadline` (monotonic seconds), and whether the connection lasts beyond it.

        Raises:
            NotSentError: nothing was done.
            NoAnswerError: it may have been carried out; `ClosedError` if not one byte of an answer came.
        """
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(request)
        except OSError as broken:  # a request cut short is not carried out
            raise NotSentError(f"cannot send: {broken}") from broken
        head, rest = self._read_head(deadline)
        version, status, headers = _parse_head(head)
        body, left_over = self._read_body(status, headers, rest, deadline)
        framed = status in _BODILESS or "content-length" in headers or "transfer-encoding" in headers
        said = headers.get("connection", "").lower()
        lasts = version == "HTTP/1.1" and "close" not in said and framed and not left_over
        return Answer(status, headers, body), lasts

    def _receive(self, deadline: float, lost: type[NoAnswerError] = NoAnswerError) -> bytes:
        try:
            self._socket.settimeout(_left(deadline))
            return self._socket.recv(_RECEIVE)
        except TimeoutError as late:
            raise NoAnswerError("no answer in time") from late
        except OSError as broken:
            raise lost(f"the connection was lost: {broken}") from broken

    def _receive_more(self, deadline: float) -> bytes:
        data = self._receive(deadline)
        if not data:
            raise NoAnswerError("the answer was cut short")
        return data

    def _read_head(self, deadline: float) -> tuple[bytes, bytes]:
        data = self._receive(deadline, lost=ClosedError)
        if not data:
            raise ClosedError("the connection was closed before an answer")
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _LARGEST_HEAD:
                raise NoAnswerError("the answer is not HTTP")
            data += self._receive_more(deadline)
        return data[:end], data[end + 4 :]

    def _read_body(
        self, status: int, headers: Mapping[str, str], data: bytes, deadline: float
    ) -> tuple[bytes, bytes]:
        if status in _BODILESS:
            return b"", data
        if "transfer-encoding" in headers:
            return self._read_chunks(data, deadline)
        if "content-length" in headers:
            return self._read_exactly(_number(headers["content-length"], 10), data, deadline)
        parts = [data]
        while part := self._receive(deadline):
            parts.append(part)
        return b"".join(parts), b""

    def _read_exactly(self, size: int, data: bytes, deadline: float) -> tuple[bytes, bytes]:
        parts, missing = [data], size - len(data)
        while missing > 0:
            parts.append(self._receive_more(deadline))
            missing -= len(parts[-1])
        whole = b"".join(parts)
        return whole[:size], whole[size:]

    def _read_chunks(self, data: bytes, deadline: float) -> tuple[bytes, bytes]:
        chunks: list[bytes] = []
        while True:
            line, data = self._read_line(data, deadline)
            size = _number(line.partition(b";")[0].decode("latin-1"), 16)
            if size == 0:
                break
            chunk, data = self._read_exactly(size + 2, data, deadline)
            chunks.append(chunk[:-2])
        while line:  # trailers, up to the empty line
            line, data = self._read_line(data, deadline)
        return b"".join(chunks), data

    def _read_line(self, data: bytes, deadline: float) -> tuple[bytes, bytes]:
        while (end := data.find(b"\r\n")) < 0:
            if len(data) > _LARGEST_HEAD:
                raise NoAnswerError("the answer is not HTTP")
            data += self._receive_more(deadline)
        return data[:end], data[end + 2 :]


def _left(deadline: float) -> float:
    """Seconds up to `deadline`; never 0, which sockets take for "do not wait"."""
    return max(deadline - time.monotonic(), 0.001)


def _parse_head(head: bytes) -> tuple[str, int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if version not in ("HTTP/1.1", "HTTP/1.0") or not status.isdecimal() or not 200 <= int(status) <= 599:
        raise NoAnswerError("the answer is not HTTP")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return version, int(status), headers


def _number(text: str, base: int) -> int:
    try:
        size = int(text, base)
    except ValueError:
        size = -1
    if size < 0:
        raise NoAnswerError("the answer has no readable length")
    return size
