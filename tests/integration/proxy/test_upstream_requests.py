"""What goes out to a provider, and which connections may be used again."""

import time
from contextlib import closing

import pytest

from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.upstream.http import HttpUpstream
from tests.integration.proxy.raw_provider import RawProvider, answer, chunked

pytestmark = pytest.mark.unjudged("it is about sockets: what is said over them is any body")


def ask(upstream: HttpUpstream, provider: RawProvider, **headers: str) -> bytes:
    request = UpstreamRequest(provider.url, headers, b"{}", 5.0)
    return upstream.post(request, time.monotonic() + 60).read()


def heads(provider: RawProvider) -> list[str]:
    return [request.partition(b"\r\n\r\n")[0].decode() for request in provider.requests]


def test_the_host_is_named_once_by_us_or_by_who_signed_it() -> None:
    with (
        RawProvider([answer(b"one"), answer(b"two")]) as provider,
        closing(HttpUpstream(this_machine=True)) as upstream,
    ):
        ask(upstream, provider)
        ask(upstream, provider, host="bedrock.example")

    ours, theirs = heads(provider)
    assert f"\r\nHost: {provider.url.split('/')[2]}\r\n" in ours
    assert theirs.lower().count("\r\nhost:") == 1
    assert "\r\nhost: bedrock.example" in theirs


@pytest.mark.parametrize("value", ["key\r\nX-Evil: 1", "key\nX-Evil: 1", "key\r"])
def test_a_value_that_would_break_out_of_its_line_is_not_sent(value: str) -> None:
    with (
        RawProvider([answer(b"never")]) as provider,
        closing(HttpUpstream(this_machine=True)) as upstream,
        pytest.raises(ValueError, match="line end"),
    ):
        ask(upstream, provider, Authorization=value)

    assert provider.requests == []


def test_a_connection_on_which_more_came_than_was_asked_for_is_not_used_again() -> None:
    with (
        RawProvider([chunked(b"one") + b"HTTP/1.1 200"], [answer(b"two")]) as provider,
        closing(HttpUpstream(this_machine=True)) as upstream,
    ):
        bodies = [ask(upstream, provider), ask(upstream, provider)]

    assert bodies == [b"one", b"two"]
    assert provider.connections == 2


def test_a_connection_that_was_idle_for_a_minute_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        RawProvider([answer(b"one"), answer(b"never")], [answer(b"two")]) as provider,
        closing(HttpUpstream(this_machine=True)) as upstream,
    ):
        first = ask(upstream, provider)
        later = time.time() + 61
        monkeypatch.setattr("aggregator.proxy.upstream.http.time.time", lambda: later)
        second = ask(upstream, provider)

    assert (first, second) == (b"one", b"two")
    assert provider.connections == 2


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_leaves_its_connection_to_the_next(status: str) -> None:
    nothing = f"HTTP/1.1 {status}\r\n\r\n".encode()
    with (
        RawProvider([nothing, answer(b"two")]) as provider,
        closing(HttpUpstream(this_machine=True)) as upstream,
    ):
        bodies = [ask(upstream, provider), ask(upstream, provider)]

    assert bodies == [b"", b"two"]
    assert provider.connections == 1
