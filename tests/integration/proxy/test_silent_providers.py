"""Providers that fall silent, over real sockets: they are cut off, and what the request held is free at once."""

import json
import time
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from aggregator.errors import ProviderFailed, ProviderTimedOut
from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.proxy.model import Route
from aggregator.proxy.upstream import http as upstream_module
from aggregator.proxy.upstream.http import HttpUpstream
from aggregator.proxy.walk import walk
from aggregator.runtime.http_wire import Connection
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ask,
    chunk,
    completion,
    counted,
    provider,
    route,
    usage_event,
    visit,
)
from tests.integration.proxy.raw_provider import Answer, RawProvider, Step, answer, chunked
from tests.unit.proxy.limits.test_limits_in_the_walk import Limited, used

pytestmark = pytest.mark.unjudged("it is about sockets: what is said over them is any body")

LIMITED = CALLER._replace(limits={"concurrentRequests": 1, "dailyBudgetNanoUsd": 1_000})
LONG = 300.0
"""Seconds that no test waits: whoever is not cut off by silence runs into it, and fails."""

never = Event()


@pytest.fixture
def upstream() -> Iterator[HttpUpstream]:
    fresh = HttpUpstream(this_machine=True)
    yield fresh
    fresh.close()
    never.set()
    never.clear()


def asked(of: RawProvider, silence_seconds: float = 0.1) -> UpstreamRequest:
    return UpstreamRequest(of.url, {}, b"{}", LONG, silence_seconds)


def way_to(of: RawProvider, name: str, silence_seconds: Any = 0.2) -> Route:
    """A route to a provider that may be silent for so long."""
    return route(
        provider=provider(
            name, base_url=of.url.removesuffix("/chat/completions"), silence_seconds=silence_seconds
        )
    )


def walked(world: Limited, upstream: HttpUpstream, *routes: Route, **fields: Any) -> StreamingResponse:
    world.routes = list(routes)
    do = world.collaborators()._replace(upstream=upstream, monotonic=time.monotonic)
    at = visit(world.clock)._replace(started_ms=time.monotonic() * 1_000, deadline=time.monotonic() + LONG)
    return walk(LIMITED, ask(max_tokens=10, **fields), at, do)


STALLED_STREAM: list[Step] = [chunked(chunk("hey"), end=b""), never]
STALLED_BODY: list[Step] = [answer(b"{", length=100), never]
WHOLE = chunked(chunk("hello", "stop"), usage_event(10, 5), DONE)


@pytest.mark.parametrize("stalled", [STALLED_STREAM, STALLED_BODY], ids=["a stream", "a plain body"])
def test_an_answer_that_falls_silent_is_cut_off(upstream: HttpUpstream, stalled: list[Step]) -> None:
    with RawProvider([stalled]) as silent:
        response = upstream.post(asked(silent), time.monotonic() + LONG)
        with pytest.raises(UpstreamError, match=r"nothing came for 0\.1 s") as broken:
            response.read()
        never.set()

    assert (broken.value.timed_out, broken.value.silent) == (True, True)


def test_a_body_without_a_stated_end_is_cut_off_as_well(upstream: HttpUpstream) -> None:
    with RawProvider([[b"HTTP/1.1 200 OK\r\n\r\nhel", never]]) as silent:
        response = upstream.post(asked(silent), time.monotonic() + LONG)
        with pytest.raises(UpstreamError) as broken:
            response.read()
        never.set()

    assert broken.value.silent


def test_the_end_of_our_own_time_is_no_silence(upstream: HttpUpstream) -> None:
    with RawProvider([STALLED_STREAM]) as silent:
        response = upstream.post(asked(silent, silence_seconds=LONG), time.monotonic() + 0.2)
        with pytest.raises(UpstreamError) as broken:
            response.read()
        never.set()

    assert (broken.value.timed_out, broken.value.silent) == (True, False)


def test_each_piece_of_an_answer_begins_the_silence_anew(
    upstream: HttpUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    receive = Connection.receive

    def seen(self: Connection, deadline: float, *lost: Any, **kind: Any) -> bytes:
        waits.append(deadline - time.monotonic())
        return receive(self, deadline, *lost, **kind)

    monkeypatch.setattr(Connection, "receive", seen)
    with RawProvider([[chunked(b"one", end=b""), 0.05, b"3\r\ntwo\r\n", 0.05, b"0\r\n\r\n"]]) as slow:
        body = upstream.post(asked(slow, silence_seconds=120), time.monotonic() + 500).read()

    assert body == b"onetwo"
    assert all(119 < wait <= 120 for wait in waits[1:])


def test_a_stream_that_falls_silent_before_its_first_word_goes_to_the_next_route(
    upstream: HttpUpstream,
) -> None:
    here = Limited()
    with RawProvider([[chunked(b": ping\n\n", end=b""), never]]) as silent, RawProvider([WHOLE]) as next_one:
        response = walked(here, upstream, way_to(silent, "silent"), way_to(next_one, "next"), stream=True)
        said = b"".join(response.chunks)
        never.set()

    assert response.headers["x-aggregator-provider"] == "next"
    assert said.endswith(DONE)
    assert [receipt.outcome for receipt in here.receipts] == ["completed"]


def test_a_stream_that_never_begins_goes_to_the_next_route(upstream: HttpUpstream) -> None:
    here = Limited()
    with RawProvider([[never]]) as silent, RawProvider([WHOLE]) as next_one:
        response = walked(here, upstream, way_to(silent, "silent"), way_to(next_one, "next"), stream=True)
        said = b"".join(response.chunks)
        never.set()

    assert response.headers["x-aggregator-provider"] == "next"
    assert said.endswith(DONE)
    assert [(receipt.outcome, receipt.attempts) for receipt in here.receipts] == [("completed", 2)]


def test_a_plain_answer_that_falls_silent_goes_to_the_next_route(upstream: HttpUpstream) -> None:
    here = Limited()
    good = answer(completion("hello", counted(10, 5)))
    with RawProvider([STALLED_BODY]) as silent, RawProvider([good]) as next_one:
        response = walked(here, upstream, way_to(silent, "silent"), way_to(next_one, "next"))
        never.set()

    assert response.headers["x-aggregator-provider"] == "next"
    assert used(here)["d#2026-11-23"] == 20


def test_a_stream_that_falls_silent_frees_place_budget_and_money_and_tells_the_client(
    upstream: HttpUpstream,
) -> None:
    here = Limited()
    with RawProvider([STALLED_STREAM]) as silent:
        chunks = list(walked(here, upstream, way_to(silent, "silent"), stream=True).chunks)
        never.set()

    error = json.loads(chunks[-1].removeprefix(b"data: "))["error"]
    assert (error["code"], error["message"]) == (
        "provider_timeout",
        "The provider fell silent in the middle of its answer.",
    )
    assert [(receipt.outcome, receipt.status) for receipt in here.receipts] == [("provider_cut", 200)]
    assert used(here) == {"d#2026-11-23": here.receipts[0].charged_nano_usd}


def test_a_provider_that_nobody_follows_is_a_504(upstream: HttpUpstream) -> None:
    here = Limited()
    with RawProvider([STALLED_BODY]) as silent:
        with pytest.raises(ProviderTimedOut):
            walked(here, upstream, way_to(silent, "silent"))
        never.set()

    assert [receipt.outcome for receipt in here.receipts] == ["provider_error"]
    assert used(here) == {"d#2026-11-23": 0}


def test_an_error_whose_body_stalls_is_that_error_after_a_moment(
    upstream: HttpUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "_ERROR_SECONDS", 0.2)
    stalled: list[Step] = [answer(b'{"err', status="500 Internal Server Error", length=999), never]
    with RawProvider([stalled]) as broken:
        response = upstream.post(asked(broken, silence_seconds=LONG), time.monotonic() + LONG)
        said = response.read_error()
        never.set()

    assert (response.status, said) == (500, b'{"err')


def test_a_request_learns_the_error_whose_body_stalls(
    upstream: HttpUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "_ERROR_SECONDS", 0.2)
    stalled: list[Step] = [answer(b'{"err', status="500 Internal Server Error", length=999), 1.0]
    here = Limited()
    with (
        RawProvider([stalled], [stalled]) as broken,
        pytest.raises(ProviderFailed, match=r"The provider failed\."),
    ):
        walked(here, upstream, way_to(broken, "broken", silence_seconds=0.5))

    assert used(here) == {"d#2026-11-23": 0}


def test_an_error_is_waited_for_three_seconds() -> None:
    assert upstream_module._ERROR_SECONDS == 3.0


def test_an_error_that_never_ends_is_read_so_far_and_no_farther(
    upstream: HttpUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "_LARGEST_ERROR", 10)
    long = b"x" * 200_000
    with RawProvider([answer(long, status="500 Internal Server Error")], [answer(b"next")]) as broken:
        said = upstream.post(asked(broken, LONG), time.monotonic() + LONG).read_error()
        after = upstream.post(asked(broken, LONG), time.monotonic() + LONG).read()

    assert 10 < len(said) < 200_000
    assert after == b"next"


def test_a_model_that_reasons_may_be_silent_for_longer() -> None:
    plain, reasoning = route(), route(capabilities=frozenset({"chat", "reasoning"}))

    assert (plain.via.silence_seconds, reasoning.via.silence_seconds) == (120, 290)


def test_a_stream_begins_within_the_silence_and_a_plain_answer_within_the_whole_time() -> None:
    plain, reasoning = route().via, route(capabilities=frozenset({"chat", "reasoning"})).via
    hurried = route(provider=provider(timeout_seconds=30)).via

    assert [via.first_byte_seconds(stream=True) for via in (plain, reasoning, hurried)] == [120, 290, 30]
    assert [via.first_byte_seconds(stream=False) for via in (plain, reasoning, hurried)] == [600, 600, 30]


@pytest.mark.parametrize(
    ("announced", "status"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n", 200),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", 200),
    ],
)
def test_what_announces_an_answer_is_read_past(upstream: HttpUpstream, announced: bytes, status: int) -> None:
    scripts: list[list[Answer]] = [[announced + answer(b"at once")], [[announced, 0.05, answer(b"later")]]]
    for script, body in zip(scripts, [b"at once", b"later"], strict=True):
        with RawProvider(script) as polite:
            response = upstream.post(asked(polite, LONG), time.monotonic() + LONG)
            assert (response.status, response.read()) == (status, body)


def test_a_change_of_protocol_that_nobody_asked_for_is_no_answer(upstream: HttpUpstream) -> None:
    with (
        RawProvider([b"HTTP/1.1 101 Switching Protocols\r\n\r\n"]) as odd,
        pytest.raises(UpstreamError, match="not HTTP"),
    ):
        upstream.post(asked(odd), time.monotonic() + LONG)
