"""Where an HTTP answer ends is never guessed: what two readers could read in two ways is no answer."""

import time

import pytest

from aggregator.runtime.chunked_body import ChunkedBody
from aggregator.runtime.http_wire import Answer, NoAnswerError
from tests.fuzz.http_reading import connection_that_says


def answer_of(*pieces: bytes) -> Answer:
    return connection_that_says(pieces).exchange(b"GET / HTTP/1.1\r\n\r\n", time.monotonic() + 60)[0]


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
        b"X-A: a\x00b",
        b"X-A: a\x0bb",
        b"X-A: \x7f",
    ],
)
def test_a_line_that_is_no_header_ends_the_reading(line: bytes) -> None:
    with pytest.raises(NoAnswerError):
        answer_of(with_headers(line, b"Content-Length: 10"))


@pytest.mark.parametrize(
    "before",
    [
        b"103 Early Hints\r\nContent-Length: 10",
        b"103 Early Hints\r\nTransfer-Encoding: chunked",
        b"103 Early Hints\r\nConnection: x, Close",
        b"101 Switching Protocols\r\nUpgrade: h2c",
    ],
)
def test_an_interim_answer_says_nothing_of_where_it_or_the_connection_ends(before: bytes) -> None:
    with pytest.raises(NoAnswerError):
        answer_of(b"HTTP/1.1 " + before + b"\r\n\r\n" + with_headers(b"Content-Length: 10"))


@pytest.mark.parametrize(
    ("lines", "lasts"),
    [
        ([], True),
        ([b"Connection: keep-alive"], True),
        ([b"Connection: closed"], True),
        ([b"Connection: close"], False),
        ([b"Connection: x,\tClose"], False),
        ([b"Connection: close", b"Connection: keep-alive"], False),
        ([b"Connection: keep-alive", b"X-A: 1", b"Connection: close"], False),
        ([b"Proxy-Connection: close"], False),
    ],
)
def test_a_connection_lasts_unless_any_line_says_that_it_closes(lines: list[bytes], lasts: bool) -> None:
    connection = connection_that_says([with_headers(*lines, b"Content-Length: 10", body=b"0123456789")])

    answer, found = connection.exchange(b"GET / HTTP/1.1\r\n\r\n", time.monotonic() + 60)

    assert (answer.body, found) == (b"0123456789", lasts)


@pytest.mark.parametrize("size", [65_536, 65_537])
def test_a_head_has_64_kb_at_most_however_it_comes(size: int) -> None:
    wire = b"HTTP/1.1 204 No Content\r\nX-A: ".ljust(size, b"a") + b"\r\n\r\n"
    read = []

    for pieces in ([wire], [wire[:40_000], wire[40_000:]], [wire[:-1], wire[-1:]]):
        try:
            read.append(answer_of(*pieces).status)
        except NoAnswerError:
            read.append(0)

    assert read == ([204] * 3 if size == 65_536 else [0] * 3)


@pytest.mark.parametrize("status", [b"2000 OK", b"20 OK", b"20", b"+20 OK", b"200OK", b"\xb200 OK"])
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
        b"1;a=\x00\r\na\r\n",
        b"1; a\r\na\r\n",
        b'1;a="b\r\na\r\n',
        b"0\r\nno colon\r\n\r\n",
        b"0\r\nX-T: \x00\r\n\r\n",
        b"0\r\n folded\r\n\r\n",
        b"0\r\nContent-Length: 1\r\n\r\n",
        b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\nConnection: close\r\n\r\n",
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
