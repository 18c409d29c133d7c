"""HTTP to providers, over real sockets: connections kept and replaced, bodies whole or cut, deadlines."""

import threading
import time
from collections.abc import Iterator

import pytest

from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.proxy.upstream.http import HttpUpstream
from tests.integration.proxy.raw_provider import RawProvider, Step, answer, chunked

pytestmark = pytest.mark.unjudged("it is about sockets: what is said over them is any body")


@pytest.fixture
def upstream() -> Iterator[HttpUpstream]:
    fresh = HttpUpstream(this_machine=True)
    yield fresh
    fresh.close()


def request_to(provider: RawProvider, first_byte_seconds: float = 5.0) -> UpstreamRequest:
    return UpstreamRequest(provider.url, {"Authorization": "Bearer sk-1"}, b'{"a":1}', first_byte_seconds)


def ask(
    upstream: HttpUpstream, provider: RawProvider, seconds: float = 5.0, first_byte_seconds: float = 5.0
) -> bytes:
    deadline = time.monotonic() + seconds
    return upstream.post(request_to(provider, first_byte_seconds), deadline).read()


def test_a_request_arrives_as_it_was_given(upstream: HttpUpstream) -> None:
    with RawProvider([answer(b"hello", "X-Id: 7")]) as provider:
        response = upstream.post(request_to(provider), time.monotonic() + 60)
        body = response.read()

    head, _, sent = provider.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer sk-1" in head
    assert sent == b'{"a":1}'
    assert (response.status, response.headers["x-id"], body) == (200, "7", b"hello")


def test_a_connection_is_kept_from_one_request_to_the_next(upstream: HttpUpstream) -> None:
    with RawProvider(
        [answer(b"one"), chunked(b"two"), answer(b"", status="400 Bad Request"), answer(b"4")]
    ) as it:
        bodies = [ask(upstream, it) for _ in range(4)]

    assert bodies == [b"one", b"two", b"", b"4"]
    assert it.connections == 1


@pytest.mark.parametrize("hangs_up", [[answer(b"one")], [answer(b"one"), None]])
def test_a_kept_connection_that_was_closed_meanwhile_is_replaced_once(
    upstream: HttpUpstream, hangs_up: list[bytes | None]
) -> None:
    with RawProvider(hangs_up, [answer(b"two")]) as provider:
        bodies = [ask(upstream, provider), ask(upstream, provider)]

    assert bodies == [b"one", b"two"]
    assert provider.connections == 2


def test_a_new_connection_that_is_hung_up_on_is_not_tried_again(upstream: HttpUpstream) -> None:
    with RawProvider([None], [answer(b"never")]) as provider, pytest.raises(UpstreamError) as broken:
        ask(upstream, provider)

    assert not broken.value.timed_out
    assert provider.connections == 1


@pytest.mark.parametrize(
    "body",
    [
        answer(b"half", length=8),
        answer(b"", length=8),
        chunked(b"half", end=b""),
        chunked(b"half", end=b"8\r\nhal"),
        chunked(b"half", end=b"what\r\n"),
    ],
)
def test_a_body_that_is_cut_is_an_error_and_its_connection_is_not_used_again(
    upstream: HttpUpstream, body: bytes
) -> None:
    with RawProvider([body], [answer(b"whole")]) as provider:
        with pytest.raises(UpstreamError) as broken:
            ask(upstream, provider)
        again = ask(upstream, provider)

    assert not broken.value.timed_out
    assert (again, provider.connections) == (b"whole", 2)


def test_what_came_before_the_cut_is_given(upstream: HttpUpstream) -> None:
    with RawProvider([chunked(b"one", end=b"")]) as provider:
        blocks = upstream.post(request_to(provider), time.monotonic() + 60).blocks()
        seen = next(blocks)
        with pytest.raises(UpstreamError):
            next(blocks)

    assert seen == b"one"


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        answer(b"hello", "Connection: close"),
        chunked(b"hel", b"lo").replace(b"200 OK\r\n", b"200 OK\r\nConnection: close\r\n"),
    ],
)
def test_a_body_on_a_connection_that_will_close_is_read_whole(upstream: HttpUpstream, said: bytes) -> None:
    with RawProvider([said], [answer(b"next")]) as provider:
        bodies = [ask(upstream, provider), ask(upstream, provider)]

    assert bodies == [b"hello", b"next"]
    assert provider.connections == 2


@pytest.mark.parametrize(
    "said",
    [
        answer(b"hello", "Connection: close"),
        chunked(b"hello").replace(b"200 OK\r\n", b"200 OK\r\nConnection: close\r\n"),
        answer(b"hello").replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
def test_a_connection_that_was_said_to_close_is_not_used_again_though_it_is_open_still(
    upstream: HttpUpstream, said: bytes
) -> None:
    with RawProvider([said, answer(b"over the old one")], [answer(b"next")]) as provider:
        bodies = [ask(upstream, provider), ask(upstream, provider)]

    assert bodies == [b"hello", b"next"]


@pytest.mark.parametrize("said", [answer(b"hello and more", length=5), chunked(b"hello") + b"and more"])
def test_a_connection_on_which_more_came_than_the_answer_is_not_used_again(
    upstream: HttpUpstream, said: bytes
) -> None:
    with RawProvider([said, answer(b"over the old one")], [answer(b"next")]) as provider:
        bodies = [ask(upstream, provider), ask(upstream, provider)]

    assert bodies == [b"hello", b"next"]


def test_blocks_come_as_they_arrive(upstream: HttpUpstream) -> None:
    go_on = threading.Event()
    first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
    with RawProvider([[first, go_on, b"3\r\ntwo\r\n0\r\n\r\n"]]) as provider:
        blocks = upstream.post(request_to(provider), time.monotonic() + 60).blocks()
        seen = [next(blocks)]
        go_on.set()
        seen += blocks

    assert seen == [b"one", b"two"]


def test_a_provider_that_hangs_before_its_answer_times_out_at_its_own_limit(upstream: HttpUpstream) -> None:
    release = threading.Event()
    started = time.monotonic()
    with RawProvider([[release, answer(b"late")]]) as provider:
        with pytest.raises(UpstreamError) as broken:
            ask(upstream, provider, first_byte_seconds=0.2)
        release.set()

    assert broken.value.timed_out
    assert 0.15 < time.monotonic() - started < 30


def test_a_provider_that_hangs_before_its_answer_times_out_at_the_deadline(upstream: HttpUpstream) -> None:
    release = threading.Event()
    with RawProvider([[release, answer(b"late")]]) as provider:
        with pytest.raises(UpstreamError) as broken:
            ask(upstream, provider, seconds=0.2)
        release.set()

    assert broken.value.timed_out


def test_a_provider_that_hangs_in_its_answer_times_out_at_the_deadline(upstream: HttpUpstream) -> None:
    first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
    release = threading.Event()
    with RawProvider([[first, release]]) as provider:
        blocks = upstream.post(request_to(provider), time.monotonic() + 1).blocks()
        seen = next(blocks)
        with pytest.raises(UpstreamError) as broken:
            next(blocks)
        release.set()

    assert seen == b"one"
    assert broken.value.timed_out


def test_a_provider_that_drips_does_not_outlive_the_deadline(upstream: HttpUpstream) -> None:
    one_a_moment: list[Step] = [b"1\r\nx\r\n", 0.05] * 1_000
    drip = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with RawProvider([[drip, *one_a_moment]]) as provider:
        started = time.monotonic()
        with pytest.raises(UpstreamError) as broken:
            ask(upstream, provider, seconds=0.4)

    assert broken.value.timed_out
    assert time.monotonic() - started < 30


def test_a_stream_that_is_closed_early_hangs_up_on_the_provider(upstream: HttpUpstream) -> None:
    first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
    with RawProvider([[first, 0.05]], [answer(b"next")]) as provider:
        response = upstream.post(request_to(provider), time.monotonic() + 60)
        next(response.blocks())
        response.close()
        again = ask(upstream, provider)

    assert (again, provider.connections) == (b"next", 2)


def test_closing_what_was_read_whole_leaves_its_connection_to_the_next(upstream: HttpUpstream) -> None:
    with RawProvider([answer(b"one"), answer(b"two"), answer(b"three")]) as provider:
        first = upstream.post(request_to(provider), time.monotonic() + 60)
        first.read()
        first.close()
        second = upstream.post(request_to(provider), time.monotonic() + 60)
        first.close()
        bodies = [second.read(), ask(upstream, provider)]

    assert bodies == [b"two", b"three"]
    assert provider.connections == 1


@pytest.mark.parametrize("said", [b"garbage\r\n\r\n", b"\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_is_an_error(upstream: HttpUpstream, said: bytes) -> None:
    with RawProvider([said]) as provider, pytest.raises(UpstreamError) as broken:
        ask(upstream, provider)

    assert not broken.value.timed_out


def test_nobody_listening_is_an_error(upstream: HttpUpstream) -> None:
    with RawProvider() as provider:
        pass

    with pytest.raises(UpstreamError) as broken:
        ask(upstream, provider)

    assert not broken.value.timed_out
