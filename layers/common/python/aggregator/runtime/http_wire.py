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
_SOON_SECONDS = 10.0
"""A deadline farther away than this may be kept a second late: a stream need not set it at each of its chunks."""
BODILESS = frozenset({204, 304})
_HEX = b"0123456789abcdefABCDEF"
_DIGITS = {10: "0123456789", 16: _HEX.decode()}
_MOST_DIGITS = 16
_NAME_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FRAMES = ("content-length", "transfer-encoding")


class NotSentError(Exception):
    """The server cannot have got the whole request: nothing was done, and sending it again is safe."""


class NoAnswerError(Exception):
    """The request went out and no whole answer came back: it may have been carried out."""


class ClosedError(NoAnswerError):
    """The connection ended before the first byte of an answer, as a kept-alive one does that the server gave up."""


class Head(NamedTuple):
    """An answer up to its body; names are in lower case. `rest` is what came of the body with it.

    `lasts`: the connection can be used again, if the body ends where its frame says so.
    """

    status: int
    headers: dict[str, str]
    lasts: bool
    rest: bytes


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

    __slots__ = ("_nothing_to_read", "_socket", "_timeout")

    def __init__(self, connected: socket.socket, nothing_to_read: type[OSError]) -> None:
        self._socket = connected
        self._nothing_to_read = nothing_to_read
        self._timeout = 0.0

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def is_open(self) -> bool:
        """Whether the server has neither hung up nor sent what nobody asked for."""
        try:
            self._socket.settimeout(0)
            self._timeout = 0
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
        status, headers, lasts, rest = self.begin(request, deadline)
        body, left_over = self._read_body(status, headers, rest, deadline)
        return Answer(status, headers, body), lasts and not left_over

    def begin(self, request: bytes, deadline: float) -> Head:
        """Head of the answer to `request`; its body is still to be received.

        Raises:
            NotSentError, NoAnswerError: as `exchange`.
        """
        try:
            self._timeout = max(deadline - time.monotonic(), 0.001)  # 0 would mean "do not wait"
            self._socket.settimeout(self._timeout)
            self._socket.sendall(request)
        except OSError as broken:  # a request cut short is not carried out
            raise NotSentError(f"cannot send: {broken}") from broken
        head, rest = self._read_head(self.receive(deadline, lost=ClosedError), deadline)
        version, status, headers = _parse_head(head)
        while status < 200:  # the answer itself is still to come
            head, rest = self._read_head(rest or self._receive_more(deadline), deadline)
            version, status, headers = _parse_head(head)
        framed = status in BODILESS or "content-length" in headers or "transfer-encoding" in headers
        said = headers.get("connection", "").lower()
        return Head(status, headers, version == "HTTP/1.1" and "close" not in said and framed, rest)

    def receive(self, deadline: float, lost: type[NoAnswerError] = NoAnswerError) -> bytes:
        """What comes next; nothing if the server has hung up.

        Raises:
            NoAnswerError: nothing came in time, its cause being a `TimeoutError`, or (`lost`) the connection broke.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise NoAnswerError("no answer in time") from TimeoutError()
        try:
            if left < _SOON_SECONDS or not left <= self._timeout <= left + 1:
                self._timeout = left
                self._socket.settimeout(left)
            return self._socket.recv(_RECEIVE)
        except TimeoutError as late:
            raise NoAnswerError("no answer in time") from late
        except OSError as broken:
            raise lost(f"the connection was lost: {broken}") from broken

    def _receive_more(self, deadline: float) -> bytes:
        data = self.receive(deadline)
        if not data:
            raise NoAnswerError("the answer was cut short")
        return data

    def _read_head(self, data: bytes, deadline: float) -> tuple[bytes, bytes]:
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
        if status in BODILESS:
            return b"", data
        if "transfer-encoding" in headers:
            return self._read_chunks(data, deadline)
        if "content-length" in headers:
            return self._read_exactly(number(headers["content-length"], 10), data, deadline)
        parts = [data]
        while part := self.receive(deadline):
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
        body = ChunkedBody()
        parts = [body.feed(data)]
        while not body.ended:
            body.require_sound()
            parts.append(body.feed(self._receive_more(deadline)))
        return b"".join(parts), body.left_over


class ChunkedBody:
    """Takes chunks apart, as they come in whatever pieces. `left_over` is what came after the end."""

    __slots__ = ("_broken", "_in_trailers", "_line", "_missing", "_skip", "ended", "left_over")

    def __init__(self) -> None:
        self.ended = False
        self.left_over = b""
        self._broken: NoAnswerError | None = None
        self._line = b""
        self._missing = 0
        self._skip = 0
        self._in_trailers = False

    def feed(self, data: bytes) -> bytes:
        """What `data` adds to the body; ask `require_sound` whether there can be more."""
        if not (self._line or self._missing or self._skip or self._in_trailers):
            whole = _one_chunk(data)
            if whole:
                return whole
        data, self._line, at = self._line + data, b"", 0
        parts: list[bytes] = []
        while not self.ended:
            if self._missing:
                parts.append(data[at : at + self._missing])
                at += len(parts[-1])
                self._missing -= len(parts[-1])
                if self._missing:
                    break
            step = min(self._skip, len(data) - at)  # a chunk's own line end
            if data[at : at + step] != b"\r\n"[2 - self._skip :][:step]:
                self._broken = NoAnswerError("a chunk is longer than it says")
                break
            at, self._skip = at + step, self._skip - step
            end = data.find(b"\r\n", at)
            if self._skip or end < 0:
                self._line = data[at:]
                if len(self._line) > _LARGEST_HEAD:
                    self._broken = NoAnswerError("the answer is not HTTP")
                break
            line, at = data[at:end], end + 2
            try:
                self._read(line)
            except NoAnswerError as broken:
                self._broken = broken
                break
        self.left_over = data[at:] if self.ended else b""
        return b"".join(parts)

    def require_sound(self) -> None:
        """Pass if what was fed were chunks.

        Raises:
            NoAnswerError: they were not; what came before is the body's beginning.
        """
        if self._broken is not None:
            raise self._broken

    def _read(self, line: bytes) -> None:
        if b"\n" in line or b"\r" in line:  # where a line ends is not for two readers to differ on
            raise NoAnswerError("the answer is not HTTP")
        if self._in_trailers:
            self.ended = not line
            return
        self._missing = number(line.partition(b";")[0].rstrip(b" \t").decode("latin-1"), 16)
        self._in_trailers, self._skip = not self._missing, 2 if self._missing else 0


def _one_chunk(data: bytes) -> bytes:
    """Content of `data` if that is exactly one chunk, as it nearly always is in a stream; else nothing."""
    end = data.find(b"\r\n", 0, 10)
    size = int(data[:end], 16) if end > 0 and not data[:end].strip(_HEX) else 0
    whole = size > 0 and len(data) == end + size + 4 and data.endswith(b"\r\n")
    return data[end + 2 : -2] if whole else b""


def _parse_head(head: bytes) -> tuple[str, int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    readable = version in ("HTTP/1.1", "HTTP/1.0") and status.isascii() and status.isdecimal()
    readable = readable and rest[3:4] in ("", " ") and len(lines) == head.count(b"\r") == head.count(b"\n")
    # 101 would change the protocol, which nobody asked for; other 1xx only announce the answer.
    if not readable or not 100 <= int(status) <= 599 or int(status) == 101:
        raise NoAnswerError("the answer is not HTTP")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        lower = name.lower()
        if not colon or not name or name.strip(_NAME_CHARACTERS) or (lower in _FRAMES and lower in headers):
            raise NoAnswerError("the answer is not HTTP")
        headers[lower] = value.strip(" \t")
    _require_one_frame(headers)
    return version, int(status), headers


def _require_one_frame(headers: Mapping[str, str]) -> None:
    """Pass if a body, where there is one, can end in one place alone. Source: RFC 9112, section 6.3.

    Raises:
        NoAnswerError: two readers could find two ends; what follows would be taken for another request's answer.
    """
    coding = headers.get("transfer-encoding")
    if coding is not None and (coding.lower() != "chunked" or "content-length" in headers):
        raise NoAnswerError("the answer's end cannot be told")
    if "content-length" in headers:
        number(headers["content-length"], 10)


def number(text: str, base: int) -> int:
    """A length as HTTP writes it: digits alone, where Python also takes `1_0`, `+10`, `0x10` and spaces.

    Raises:
        NoAnswerError: it is none.
    """
    if not text or len(text) > _MOST_DIGITS or text.strip(_DIGITS[base]):
        raise NoAnswerError("the answer has no readable length")
    return int(text, base)
