"""HTTP to providers, against the stand-in: one connection serves plain and streamed answers in turn."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.proxy.upstream.http import HttpUpstream
from local.standin import StandIn


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def upstream() -> Iterator[HttpUpstream]:
    fresh = HttpUpstream(this_machine=True)
    yield fresh
    fresh.close()


def chat(standin: StandIn, said: str, **fields: Any) -> UpstreamRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": said}]} | fields
    return UpstreamRequest(
        f"{standin.base_url}/chat/completions",
        {"Content-Type": "application/json"},
        json.dumps(body).encode(),
        60.0,
    )


def read(
    upstream: HttpUpstream, standin: StandIn, said: str, seconds: float = 60.0, **fields: Any
) -> tuple[int, bytes]:
    response = upstream.post(chat(standin, said, **fields), time.monotonic() + seconds)
    return response.status, response.read()


def test_plain_and_streamed_answers_share_a_connection(upstream: HttpUpstream, standin: StandIn) -> None:
    plain = [read(upstream, standin, "hi")[1] for _ in range(3)]
    first = upstream.post(chat(standin, "hi", stream=True), time.monotonic() + 60)
    connection = first.connection
    streamed = first.read()
    second = upstream.post(chat(standin, "hi"), time.monotonic() + 60)

    assert second.connection is connection
    assert second.status == 200
    assert all(b"hi" in body for body in plain)
    assert streamed.rstrip().endswith(b"data: [DONE]")
    second.close()


def test_an_error_status_is_an_answer(upstream: HttpUpstream, standin: StandIn) -> None:
    status, body = read(upstream, standin, "[[standin status=429 retry-after=7]] hi")

    assert status == 429
    assert "error" in json.loads(body)


@pytest.mark.parametrize(("directive", "stream"), [("cut=2", True), ("cut-plain", False), ("cut=0", True)])
def test_a_cut_answer_is_an_error(
    upstream: HttpUpstream, standin: StandIn, directive: str, stream: bool
) -> None:
    with pytest.raises(UpstreamError) as broken:
        read(upstream, standin, f"[[standin {directive}]] hi", stream=stream)

    assert not broken.value.timed_out


@pytest.mark.parametrize(("directive", "stream"), [("hang", False), ("hang", True), ("hang-after=2", True)])
def test_a_hanging_provider_is_given_up_at_the_deadline(
    upstream: HttpUpstream, standin: StandIn, directive: str, stream: bool
) -> None:
    with pytest.raises(UpstreamError) as broken:
        read(upstream, standin, f"[[standin {directive}]] hi", seconds=1, stream=stream)

    assert broken.value.timed_out
