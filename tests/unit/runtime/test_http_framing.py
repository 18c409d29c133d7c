"""Where an HTTP answer ends is never guessed: what two readers could read in two ways is no answer."""

import socket
import time
from typing import cast

import pytest

from aggregator.runtime.http_wire import Answer, ChunkedBody, Connection, NoAnswerError


class Said:
    """A socket that says `pieces`, and hangs up."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def settimeout(self, seconds: float) -> None: ...

    def sendall(self, data: bytes) -> None: ...

    def recv(self, _size: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def answer_of(*pieces: bytes) -> Answer:
    connection = Connection(cast("socket.socket", Said(*pieces)), BlockingIOError)
    return connection.exchange(b"GET / HTTP/1.1\r\n\r\n", time.monotonic() + 60)[0]


def with_headers(*lines: bytes, body: bytes = b"0123456789abcdefgh") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", body])


@pytest.mark.parametrize(
    "length",
    [
        b"1_0",
        b"+10",
        b"-0",
        b"0x10",
        b"1 0",
        b"10, 10",
        b"\x0b10",
        b"\xa010",
        b"",
        b"10;",
        b"\xb2",
        b"9" * 17,
    ],
)
def test_a_length_is_digits_alone(length: bytes) -> None:
    with pytest.raises(NoAnswerError):
        answer_of(with_headers(b"Content-Length: " + length))


@pytest.mark.parametrize(
    "lines",
    [
        [b"Content-Length: 10", b"Content-Length: 11"],
        [b"Content-Length: 10", b"content-length: 10"],
        [b"Content-Length: 10", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: gzip, chunked"],
        [b"Transfer-Encoding: identity"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    ],
)
def test_an_answer_with_two_ends_is_none(lines: list[bytes]) -> None:
    with pytest.raises(NoAnswerError):
        answer_of(with_headers(*lines, body=b"0\r\n\r\n0123456789"))


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length : 10",
        b" Content-Length: 10",
        b"X-A: 1\r\n folded",
        b"X-A: 1\nContent-Length: 4",
        b"X-A: 1\rContent-Length: 4",
        b"no colon",
        b": no name",
        b"X\xe4: 1",
    ],
)
def test_a_line_that_is_no_header_ends_the_reading(line: bytes) -> None:
    with pytest.raises(NoAnswerError):
        answer_of(with_headers(line, b"Content-Length: 10"))


@pytest.mark.parametrize("status", [b"2000 OK", b"20 OK", b"+20 OK", b"200OK", b"\xb200 OK"])
def test_a_status_has_three_digits(status: bytes) -> None:
    with pytest.raises(NoAnswerError):
        answer_of(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    "chunks",
    [
        b"0x1\r\na\r\n",
        b"1_0\r\n0123456789abcdef\r\n",
        b"+1\r\na\r\n",
        b" 1\r\na\r\n",
        b"-1\r\na\r\n",
        b"\r\n",
        b"1\r\nabc",
        b"1\r\na\n\r\n",
        b"1;a\nb\r\na\r\n",
        b"g\r\n",
        b"1" * 17 + b"\r\n",
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_no_chunk_is_not_read_as_one(chunks: bytes, at_once: bool) -> None:
    body = ChunkedBody()

    for piece in [chunks] if at_once else [chunks[n : n + 1] for n in range(len(chunks))]:
        body.feed(piece)

    with pytest.raises(NoAnswerError):
        body.require_sound()


def test_what_is_odd_and_has_one_end_is_read() -> None:
    plain = answer_of(with_headers(b"content-LENGTH:\t10 ", b"X-A:", b"Set-Cookie: a", b"Set-Cookie: b"))
    early = answer_of(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", with_headers(b"Content-Length: 010"))
    chunked = answer_of(
        with_headers(b"Transfer-Encoding: Chunked", body=b"A ;n=v\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n")
    )

    assert [plain.body, early.body, chunked.body] == [b"0123456789"] * 3
