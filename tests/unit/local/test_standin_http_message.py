"""How the stand-in reads HTTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.standin.http_message import BadFraming, RequestReader

TWO_REQUESTS = (
    b"POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    b"POST /v1/y HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n"
)


def requests_in(data: bytes, size: int) -> list[tuple[str, str, bytes, bool]]:
    reader = RequestReader()
    found = []
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
        while (request := reader.next_request()) is not None:
            found.append((request.path, request.query, request.body, request.keeps_alive))
    return found


@given(st.integers(1, len(TWO_REQUESTS)))
def test_requests_arrive_in_pieces_of_any_size(size: int) -> None:
    found = requests_in(TWO_REQUESTS, size)

    assert found == [("/v1/x", "a=1", b"hello", True), ("/v1/y", "", b"abcde", False)]


def test_an_http_1_0_connection_ends_with_its_request() -> None:
    reader = RequestReader()
    reader.feed(b"GET /v1/models HTTP/1.0\r\n\r\n")

    request = reader.next_request()

    assert request is not None
    assert not request.keeps_alive


def test_a_client_may_ask_before_it_sends_its_body() -> None:
    reader = RequestReader()
    reader.feed(b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")

    before = reader.next_request()
    waits = reader.waits_for_continue
    reader.feed(b"{}")
    after = reader.next_request()

    assert before is None
    assert waits
    assert after is not None
    assert after.body == b"{}"


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_http_request_is_refused(data: bytes) -> None:
    reader = RequestReader()
    reader.feed(data)

    with pytest.raises(BadFraming):
        reader.next_request()
