"""One HTTP/1.1 exchange on a plain socket: a request goes out, a whole answer comes back. Source: RFC 9112.

`http.client` brings the `email` package along: on top of the other imports here it costs a start 6 ms of CPU, and each
call 0.06 ms to parse headers as if they were mail. The hot functions can have both back for these lines.
"""

import select
import socket
import time
from collections.abc import Callable, Generator, Mapping
from functools import lru_cache, partial
from itertools import repeat
from typing import NamedTuple

LARGEST_HEAD = 65_536
_RECEIVE = 65_536
_LATE = 1 / 32
_LATEST_SECONDS = 1.0
"""A deadline may be kept late, by this part of what is left and by no more than so many seconds: so a limit that a
socket has already mostly serves the next call, and the next piece of a stream, and need not be set anew."""
BODILESS = frozenset({204, 304})
HEX = b"0123456789abcdefABCDEF"
_DIGITS = {10: "0123456789", 16: HEX.decode()}
MOST_DIGITS = 16
_IN_NAMES = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
_IN_LINES = bytes([9, *range(32, 127), *range(128, 256)])
FRAMES = ("content-length", "transfer-encoding")
LASTING = ("connection", "proxy-connection")


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
    lines = "\r\n".join(map(": ".join, (*headers.items(), ("Content-Length", str(len(body))))))
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n\r\n".encode("latin-1") + body


class Connection:
    """One socket, and what it raises when there is nothing to read. `timeout` is the limit in seconds that it has."""

    __slots__ = ("_incoming", "_nothing_to_read", "_socket", "_timeout")

    def __init__(
        self, connected: socket.socket, nothing_to_read: type[OSError], *, timeout: float = 0.0
    ) -> None:
        self._socket = connected
        self._nothing_to_read = nothing_to_read
        self._timeout = timeout
        self._incoming: select.poll | None = None

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def is_open(self) -> bool:
        """Whether the server has neither hung up nor sent what nobody asked for."""
        try:
            if self._incoming is None:
                self._incoming = watched(self._socket)
            if not self._incoming.poll(0):
                return True
            self._socket.settimeout(0)  # what came may be TLS's own, which is no word of the server's
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
        self._send(request, deadline)
        return self.answer(deadline)

    def begin(self, request: bytes, deadline: float) -> Head:
        """Head of the answer to `request`; its body is still to be received.

        Raises:
            NotSentError, NoAnswerError: as `exchange`.
        """
        self._send(request, deadline)
        return self._head(deadline)

    def answer(self, deadline: float) -> tuple[Answer, bool]:
        """Whole answer to what was sent already, and whether the connection lasts beyond it.

        Raises:
            NoAnswerError: as `exchange`.
        """
        status, headers, lasts, rest = head = self._head(deadline)
        if headers.get("content-length") == str(len(rest)) and status not in BODILESS:  # whole, as most are
            return Answer(status, headers, rest), lasts
        pieces, parts = pieces_of(head, partial(self.receive, deadline)), []
        while True:
            try:
                parts.append(next(pieces))
            except StopIteration as ended:
                return Answer(status, headers, b"".join(parts)), lasts and not ended.value

    def _send(self, request: bytes, deadline: float) -> None:
        try:
            left = max(deadline - time.monotonic(), 0.001)  # 0 would mean "do not wait"
            if not left <= self._timeout <= left + min(left * _LATE, _LATEST_SECONDS):
                self._allow(left)
            self._socket.sendall(request)
        except OSError as broken:  # a request cut short is not carried out
            raise NotSentError(f"cannot send: {broken}") from broken

    def _head(self, deadline: float) -> Head:
        head, rest = self._read_head(self.receive(deadline, lost=ClosedError), deadline)
        version, status, headers = _parse_head(head)
        while status < 200:  # the answer itself is still to come
            head, rest = self._read_head(rest or more(partial(self.receive, deadline)), deadline)
            version, status, headers = _parse_head(head)
        framed = status in BODILESS or "content-length" in headers or "transfer-encoding" in headers
        return Head(status, headers, version == "HTTP/1.1" and framed and not _closes(headers), rest)

    def receive(self, deadline: float, lost: type[NoAnswerError] = NoAnswerError) -> bytes:
        """What comes next; nothing if the server has hung up.

        Raises:
            NoAnswerError: nothing came in time, its cause being a `TimeoutError`, or (`lost`) the connection broke.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise NoAnswerError("no answer in time") from TimeoutError()
        try:
            if not left <= self._timeout <= left + min(left * _LATE, _LATEST_SECONDS):
                self._allow(left)
            return self._socket.recv(_RECEIVE)
        except TimeoutError as late:
            raise NoAnswerError("no answer in time") from late
        except OSError as broken:
            raise lost(f"the connection was lost: {broken}") from broken

    def _allow(self, seconds: float) -> None:
        """Let the socket take so long over what is next, or a little longer: each new limit is a system call."""
        self._timeout = seconds + min(seconds * _LATE, _LATEST_SECONDS) / 2
        self._socket.settimeout(self._timeout)

    def _read_head(self, data: bytes, deadline: float) -> tuple[bytes, bytes]:
        if not data:
            raise ClosedError("the connection was closed before an answer")
        while (end := data.find(b"\r\n\r\n")) < 0 and len(data) < LARGEST_HEAD + 4:
            data += more(partial(self.receive, deadline))
        if not 0 <= end <= LARGEST_HEAD:
            raise NoAnswerError("the answer is not HTTP")
        return data[:end], data[end + 4 :]


def watched(connection: socket.socket) -> select.poll:
    """What tells whether anything has come in on a connection, its end included."""
    incoming = select.poll()
    incoming.register(connection, select.POLLIN)
    return incoming


def pieces_of(head: Head, receive: Callable[[], bytes]) -> Generator[bytes, None, bool]:
    """The body of an answer as it comes; returns whether anything came after its end, or may yet.

    `receive` gives what comes next: nothing once the server has hung up.

    Raises:
        NoAnswerError: it ended before its end, or is none.
    """
    status, headers, _, data = head
    if status in BODILESS:
        return bool(data)
    if "transfer-encoding" in headers:
        from aggregator.runtime.chunked_body import contents  # noqa: PLC0415  # AWS's answers come without chunks

        return (yield from contents(data, receive))
    if "content-length" in headers:
        missing = number(headers["content-length"], 10)
        while len(data) < missing:
            if data:
                yield data
            missing -= len(data)
            data = more(receive)
        if missing:
            yield data[:missing]
        return len(data) > missing
    data = data or receive()
    while data:
        yield data
        data = receive()
    return True


def more(receive: Callable[[], bytes]) -> bytes:
    """What comes next of an answer that is not at its end.

    Raises:
        NoAnswerError: the server has hung up.
    """
    data = receive()
    if not data:
        raise NoAnswerError("the answer was cut short")
    return data


def _parse_head(head: bytes) -> tuple[str, int, dict[str, str]]:
    first, headers = fields_of(head)
    version, status = _status_of(first)
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    # Source: RFC 9112, section 6.3. Where two readers could find two ends, what follows the one that was found
    # would be taken for another request's answer.
    if coding is not None and (coding.lower() != "chunked" or length is not None):
        raise NoAnswerError("the answer's end cannot be told")
    if length is not None:
        number(length, 10)
    if status < 200 and (coding or length or version == "HTTP/1.0" or _closes(headers)):
        raise NoAnswerError("the answer's end cannot be told")
    return version, status, headers


@lru_cache(maxsize=16)
def _status_of(line: str) -> tuple[str, int]:
    """Version and status of an answer by its first line, of which there are few.

    Raises:
        NoAnswerError: it is no such line.
    """
    version, status = line[:8], line[9:12]
    readable = version in ("HTTP/1.1", "HTTP/1.0") and line[8:9] == " " and line[12:13] in ("", " ")
    readable = readable and len(status) == 3 and status.isdecimal() and "100" <= status <= "599"
    # 101 would change the protocol, which nobody asked for; other 1xx only announce the answer.
    if not readable or status == "101":
        raise NoAnswerError("the answer is not HTTP")
    return version, int(status)


def fields_of(block: bytes) -> tuple[str, dict[str, str]]:
    """First line of a head, and its fields, by names in lower case.

    The last of several equal ones counts, but `Connection` says all that is said.

    Raises:
        NoAnswerError: a line is no field, or a length or coding is told twice.
    """
    text = block.decode("latin-1")
    first, *lines = text.split("\r\n")
    pairs = list(map(str.split, lines, repeat(":"), repeat(1)))
    try:
        names, said = zip(*pairs, strict=True) if pairs else ((), ())
    except ValueError:
        raise NoAnswerError("the answer is not HTTP") from None
    # Beyond ASCII there are blanks that HTTP has not.
    values = map(str.strip, said) if text.isascii() else [value.strip(" \t") for value in said]
    fields = dict(zip(map(str.lower, names), values, strict=True))
    # All at once, which costs a tenth of looking at each: no control character but the line ends, and tokens as names.
    odd = block.translate(None, _IN_LINES) != b"\r\n" * len(lines) or "" in fields
    if odd or "".join(fields).encode("latin-1").translate(None, _IN_NAMES):
        raise NoAnswerError("the answer is not HTTP")
    if len(fields) != len(lines):
        _join_repeated(lines, fields)
    return first, fields


def _join_repeated(lines: list[str], fields: dict[str, str]) -> None:
    told = [(name.lower(), value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)]
    names = [name for name, _ in told]
    if any(names.count(name) > 1 for name in FRAMES):
        raise NoAnswerError("the answer's end cannot be told")
    for name in LASTING:
        if name in fields:
            fields[name] = ",".join([value for each, value in told if each == name])


def _closes(fields: Mapping[str, str]) -> bool:
    """Whether the server says that it closes the connection."""
    said = fields.get("connection", "")
    if "proxy-connection" in fields:
        said += "," + fields["proxy-connection"]
    elif said in ("", "keep-alive"):
        return False
    return "close" in [each.strip(" \t") for each in said.lower().split(",")]


def number(text: str, base: int) -> int:
    """A length as HTTP writes it: digits alone, where Python also takes `1_0`, `+10`, `0x10` and spaces.

    Raises:
        NoAnswerError: it is none.
    """
    if not text or len(text) > MOST_DIGITS or text.strip(_DIGITS[base]):
        raise NoAnswerError("the answer has no readable length")
    return int(text, base)
