"""Streams of Converse that fail: exceptions in them, events that cannot be read, bytes cut or damaged anywhere."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import (
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
)
from aggregator.proxy.exchange import Progress
from tests.fakes.bedrock_wire import CLAUDE, RICH, event, exception, frame, streamed
from tests.fakes.translated import streamed as as_chat

JsonObject = dict[str, Any]


@pytest.mark.parametrize(
    ("name", "refusal", "says"),
    [
        ("throttlingException", RateLimitExceeded, "limiting requests"),
        ("serviceUnavailableException", ProviderUnavailable, "no requests"),
        ("internalServerException", ProviderFailed, "failed"),
        ("modelStreamErrorException", ProviderFailed, "failed"),
        ("modelTimeoutException", ProviderTimedOut, "in time"),
        ("validationException", ProviderRefused, "too long for [...]"),
        ("exceptionOfTomorrow", ProviderFailed, "mid-stream"),
    ],
)
def test_an_exception_in_the_stream_is_the_refusal_it_would_be_over_http(
    name: str, refusal: type[Refusal], says: str
) -> None:
    message = "Input is too long for arn:aws:bedrock:us-east-1:123456789012:inference-profile/x"

    with pytest.raises(refusal) as raised:
        streamed([event("messageStart", role="assistant"), exception(name, message)])

    assert says in raised.value.message
    assert "123456789012" not in raised.value.message


def test_an_error_of_the_stream_itself_is_a_failure() -> None:
    broken = frame(b"", {":message-type": "error", ":error-code": "X", ":error-message": "of arn:aws:x"})

    with pytest.raises(ProviderFailed) as raised:
        streamed([broken])

    assert "arn" not in raised.value.message


@pytest.mark.parametrize("payload", [b"", b"hello", b"[]", b'{"a":' * 100_000, b"\xff"])
def test_an_event_that_is_no_json_object_is_a_failure(payload: bytes) -> None:
    with pytest.raises(ProviderFailed, match="not JSON"):
        streamed([frame(payload, {":event-type": "messageStart", ":message-type": "event"})])


def without_ids(chunks: list[JsonObject]) -> list[JsonObject]:
    return [{name: said for name, said in chunk.items() if name not in ("id", "created")} for chunk in chunks]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_however_the_bytes_are_split_the_chunks_are_the_same(at: list[int]) -> None:
    data = b"".join(RICH)
    edges = [0, *sorted({each % (len(data) + 1) for each in at}), len(data)]
    blocks = [data[start:stop] for start, stop in pairwise(edges)]

    assert without_ids(streamed(blocks)) == without_ids(streamed(RICH))


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 100_000), flip=st.integers(1, 255))
def test_whichever_byte_is_damaged_what_came_before_stands_and_then_it_fails(place: int, flip: int) -> None:
    data = bytearray(b"".join(RICH))
    data[place % len(data)] ^= flip
    whole = without_ids(streamed(RICH))
    heard: list[JsonObject] = []

    def read() -> Iterator[JsonObject]:
        for chunk in as_chat("converse", iter([bytes(data)]), Progress(model=CLAUDE)):
            yield json.loads(chunk[6:])

    with pytest.raises(ProviderFailed):
        heard.extend(read())

    assert without_ids(heard) == whole[: len(heard)]
