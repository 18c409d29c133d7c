"""HTTP/1.1 as the stand-in speaks it: requests read from bytes, answers written as bytes."""

import http
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_HEAD_BYTES = 64 * 1024
_MOST_BODY_BYTES = 64 * 1024 * 1024
_REASONS = {status.value: status.phrase for status in http.HTTPStatus}


class BadFraming(Exception):
    """Bytes that are no HTTP request; the connection cannot go on."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case, `path` is without the query."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    is_http_1_1: bool
    keeps_alive: bool


@dataclass(slots=True)
class _Head:
    method: str
    target: str
    headers: dict[str, str]
    is_http_1_1: bool
    length: int | None


class RequestReader:
    """Takes the bytes of a connection in pieces of any size; gives requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: _Head | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data

    @property
    def waits_for_continue(self) -> bool:
        """Whether the client wants a `100 Continue` before it sends the body; true once."""
        if self._head is None or self._head.headers.get("expect", "").lower() != "100-continue":
            return False
        del self._head.headers["expect"]
        return not self._buffer

    def next_request(self) -> Request | None:
        """The next request that is complete, if any.

        Raises:
            BadFraming: the bytes are no HTTP request, or it is too large.
        """
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _MOST_HEAD_BYTES:
                    raise BadFraming("the head is too large")
                return None
            self._head = _head_of(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
        body = self._whole_body(self._head.length)
        if body is None:
            return None
        head, self._head = self._head, None
        path, _, query = head.target.partition("?")
        connection = head.headers.get("connection", "").lower()
        return Request(
            head.method,
            path,
            query,
            head.headers,
            body,
            head.is_http_1_1,
            keeps_alive=head.is_http_1_1 and connection != "close",
        )

    def _whole_body(self, length: int | None) -> bytes | None:
        if length is None:
            return self._chunked_body()
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _chunked_body(self) -> bytes | None:
        body, place = bytearray(), 0
        while (line_end := self._buffer.find(b"\r\n", place)) >= 0:
            try:
                size = int(self._buffer[place:line_end].partition(b";")[0], 16)
            except ValueError as error:
                raise BadFraming("a chunk without a size") from error
            start = line_end + 2
            if size < 0 or len(body) + size > _MOST_BODY_BYTES:
                raise BadFraming("the body is too large")
            if len(self._buffer) < start + size + 2:
                return None
            if size == 0:
                return self._end_of_chunks(start, bytes(body))
            body += self._buffer[start : start + size]
            place = start + size + 2
        return None

    def _end_of_chunks(self, start: int, body: bytes) -> bytes | None:
        """`body`, once the trailers after the last chunk are there too."""
        end = start if self._buffer.startswith(b"\r\n", start) else self._buffer.find(b"\r\n\r\n", start) + 2
        if end < start:
            return None
        del self._buffer[: end + 2]
        return body


def _head_of(data: bytes) -> _Head:
    first, *lines = data.decode("latin-1").split("\r\n")
    try:
        method, target, version = first.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        headers = {name.lower(): value.strip() for name, value in pairs}
        length = (
            None
            if "chunked" in headers.get("transfer-encoding", "").lower()
            else int(headers.get("content-length", 0))
        )
    except ValueError as error:
        raise BadFraming("no HTTP request") from error
    if length is not None and not 0 <= length <= _MOST_BODY_BYTES:
        raise BadFraming("the body is too large")
    return _Head(method, target, headers, version == "HTTP/1.1", length)


def answer(
    status: int,
    body: bytes,
    *,
    content_type: str = "application/json",
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """A whole answer with its length."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    )
    return head.encode("latin-1", "replace") + body


def stream_head(request: Request, content_type: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The head of a stream of events; in chunks, unless the client speaks HTTP/1.0."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    framing = "Transfer-Encoding: chunked" if request.is_http_1_1 else "Connection: close"
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n"
        f"Cache-Control: no-cache\r\n{framing}\r\n{more}\r\n"
    ).encode("latin-1", "replace")


def framed(request: Request, data: bytes) -> bytes:
    """`data` as one chunk of a stream."""
    return b"%x\r\n%b\r\n" % (len(data), data) if request.is_http_1_1 else data


def last_frame(request: Request) -> bytes:
    """What ends a stream."""
    return b"0\r\n\r\n" if request.is_http_1_1 else b""
