"""Streams over real sockets, through the walk: after its end an answer waits for nobody; its connection serves on."""

import threading
import time
from collections.abc import Iterator

import pytest

from aggregator.proxy.upstream import http as upstream_module
from aggregator.proxy.upstream.http import HttpUpstream
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    World,
    ask,
    chunk,
    completion,
    counted,
    provider,
    route,
    usage_event,
    visit,
)
from tests.integration.proxy.raw_provider import RawProvider, Step, answer, chunked

HEY = (chunk("hey"), chunk("", "stop"), usage_event(10, 5), DONE)


@pytest.fixture
def upstream() -> Iterator[HttpUpstream]:
    fresh = HttpUpstream(this_machine=True)
    yield fresh
    fresh.close()


def served(upstream: HttpUpstream, server: RawProvider, *, stream: bool = True) -> tuple[World, bytes]:
    at = provider(base_url=server.url.removesuffix("/chat/completions"))
    world = World(routes=(route(provider=at),))
    do = world.collaborators()._replace(upstream=upstream, monotonic=time.monotonic)
    started = visit(world.clock)._replace(started_ms=time.monotonic() * 1000, deadline=time.monotonic() + 60)
    return world, b"".join(walk(CALLER, ask(stream=stream), started, do).chunks)


@pytest.mark.parametrize(
    "blocks", [HEY, (b"".join(HEY),), (chunk("hey"), chunk("", "stop", usage=counted(10, 5)), DONE)]
)
def test_a_stream_that_stays_open_after_its_end_mark_is_not_waited_for(
    upstream: HttpUpstream, blocks: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "_REST_SECONDS", 600.0)
    forever = threading.Event()
    with RawProvider([[chunked(*blocks, end=b""), forever]]) as server:
        began = time.monotonic()
        world, body = served(upstream, server)
        seconds = time.monotonic() - began
        forever.set()

    (receipt,) = world.receipts
    assert (receipt.outcome, receipt.cost_nano_usd) == ("completed", 20)
    assert body.endswith(DONE)
    assert seconds < 30


def test_a_stream_that_stays_open_after_its_last_choice_is_read_on_for_seconds_only(
    upstream: HttpUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "_REST_SECONDS", 0.2)
    forever = threading.Event()
    ended = chunk("", "stop", usage=counted(10, 5))
    with RawProvider([[chunked(chunk("hey"), ended, end=b""), forever]]) as server:
        began = time.monotonic()
        world, body = served(upstream, server)
        seconds = time.monotonic() - began
        forever.set()

    (receipt,) = world.receipts
    assert (receipt.outcome, receipt.cost_nano_usd) == ("completed", 20)
    assert body.endswith(DONE)
    assert seconds < 30


def test_a_stream_that_breaks_after_its_end_mark_is_complete(upstream: HttpUpstream) -> None:
    with RawProvider([chunked(*HEY, end=b"")]) as server:
        world, body = served(upstream, server)

    assert world.receipts[0].outcome == "completed"
    assert body.endswith(DONE)


@pytest.mark.parametrize("late", [0.0, 0.01])
def test_a_connection_serves_on_after_a_stream_whose_end_comes_with_its_end_mark(
    upstream: HttpUpstream, late: float
) -> None:
    stream: list[Step] = [chunked(*HEY, end=b""), late, b"0\r\n\r\n"]
    with RawProvider([stream, answer(completion("hello", counted(10, 5)))]) as server:
        served(upstream, server)
        served(upstream, server, stream=False)

    assert server.connections == 1
