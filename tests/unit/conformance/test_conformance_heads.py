import pytest

from conformance.http_heads import Head, HeadReader

ASKED = b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{..}"
LISTED = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
STREAMED = (
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nX-Request-Id: r1\r\n\r\n"
    b"5\r\ndata:\r\n10;x=y\r\n\r\n\r\nHTTP/1.1 500\r\n0\r\n\r\n"
)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Heard:
    """What a reader told, in its order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.reader = HeadReader(self.head, lambda: self.told.append("end"))

    def head(self, head: Head) -> None:
        self.told.append(head.start)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_requests_that_follow_each_other_are_told_apart_in_blocks_of_any_size(size: int) -> None:
    heard = Heard()
    said = ASKED + LISTED + ASKED

    for n in range(0, len(said), size):
        heard.reader.feed(said[n : n + size])

    assert heard.told == [
        "POST /v1/messages HTTP/1.1",
        "end",
        "GET /v1/models HTTP/1.1",
        "end",
        "POST /v1/messages HTTP/1.1",
        "end",
    ]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_answer_is_passed_over_whatever_its_chunks_look_like(size: int) -> None:
    heard = Heard()
    said = STREAMED + PLAIN

    for n in range(0, len(said), size):
        heard.reader.feed(said[n : n + size])

    assert heard.told == ["HTTP/1.1 201 Created", "end", "HTTP/1.1 200 OK", "end"]


def test_an_answer_that_broke_off_has_no_end() -> None:
    heard = Heard()

    heard.reader.feed(STREAMED[:-5])

    assert heard.told == ["HTTP/1.1 201 Created"]


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    heard = Heard()

    heard.reader.feed(b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 500 no head\r\n\r\n")

    assert heard.told == ["HTTP/1.0 200 OK"]


def test_an_interim_answer_is_not_the_answer() -> None:
    heard = Heard()

    heard.reader.feed(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN)

    assert heard.told == ["HTTP/1.1 200 OK", "end"]


def test_names_of_headers_are_read_whatever_their_case() -> None:
    heads: list[Head] = []

    HeadReader(heads.append, lambda: None).feed(STREAMED)

    assert heads[0].headers["x-request-id"] == "r1"
