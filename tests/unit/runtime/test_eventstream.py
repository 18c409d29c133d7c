"""AWS's event stream against botocore's own reading of it, in every split and with every byte damaged."""

from collections.abc import Iterator
from itertools import pairwise
from struct import pack
from typing import Any
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ProviderFailed
from aggregator.runtime.eventstream import Frame, frames
from tests.fakes.bedrock_wire import frame

names = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=20)
payloads = st.binary(max_size=200)

# Every type of header that is not text: name, type, value.
OTHERS = [
    (b"a", b"\x00", b""),
    (b"b", b"\x01", b""),
    (b"c", b"\x02", b"\x07"),
    (b"d", b"\x03", b"\x00\x07"),
    (b"e", b"\x04", b"\x00\x00\x00\x07"),
    (b"f", b"\x05", b"\x00" * 7 + b"\x07"),
    (b"g", b"\x06", b"\x00\x03abc"),
    (b"h", b"\x08", b"\x00" * 7 + b"\x07"),
    (b"i", b"\x09", bytes(16)),
]
NOT_TEXT = b"".join(bytes([len(name)]) + name + kind + value for name, kind, value in OTHERS)


def read(*blocks: bytes) -> list[Frame]:
    return list(frames(iter(blocks)))


def botocores(data: bytes) -> list[tuple[dict[str, Any], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    messages: list[Any] = list(buffer)
    return [
        ({name: value for name, value in each.headers.items() if isinstance(value, str)}, each.payload)
        for each in messages
    ]


def cut(data: bytes, at: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted({each % (len(data) + 1) for each in at}), len(data)]
    return (data[start:end] for start, end in pairwise(edges))


def test_a_frame_says_what_it_is() -> None:
    found = read(frame(b"{}", {":message-type": "event", ":event-type": "messageStop"}))

    assert [(each.kind, each.name, each.payload) for each in found] == [("event", "messageStop", b"{}")]


def test_an_exception_and_an_error_are_told_from_an_event() -> None:
    found = read(
        frame(b"{}", {":message-type": "exception", ":exception-type": "throttlingException"}),
        frame(b"", {":message-type": "error", ":error-code": "InternalError"}),
    )

    assert [(each.kind, each.name) for each in found] == [
        ("exception", "throttlingException"),
        ("error", "InternalError"),
    ]


def test_headers_that_are_not_text_are_passed_over_whatever_their_type() -> None:
    data = frame(b"{}", {":event-type": "x"}, raw_headers=NOT_TEXT)

    assert read(data) == [Frame({":event-type": "x"}, b"{}")]
    assert botocores(data) == [({":event-type": "x"}, b"{}")]


@settings(max_examples=100, deadline=None)
@given(
    said=st.lists(st.tuples(st.dictionaries(names, names, max_size=4), payloads), max_size=5),
    at=st.lists(st.integers(0, 10_000), max_size=12),
)
def test_however_the_bytes_are_split_the_frames_are_those_that_botocore_reads(
    said: list[tuple[dict[str, str], bytes]], at: list[int]
) -> None:
    data = b"".join(frame(payload, headers) for headers, payload in said)

    found = [(each.headers, each.payload) for each in frames(cut(data, at))]

    assert found == said == botocores(data)


def test_a_frame_is_given_as_soon_as_its_last_byte_is_there() -> None:
    first, second = frame(b"1"), frame(b"2")
    asked: list[str] = []

    def blocks() -> Iterator[bytes]:
        yield first + second[:5]
        asked.append("more")
        yield second[5:]

    reading = frames(blocks())

    assert next(reading).payload == b"1"
    assert asked == []


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_whichever_byte_is_damaged_the_frame_is_refused(place: int, flip: int) -> None:
    data = bytearray(frame(b'{"a":1}', {":event-type": "messageStop"}))
    data[place % len(data)] ^= flip

    with pytest.raises(ProviderFailed):
        read(bytes(data))


@pytest.mark.parametrize("length", range(1, 40))
def test_a_stream_that_ends_inside_a_frame_is_refused(length: int) -> None:
    data = frame(b'{"a":1}', {":event-type": "contentBlockDelta"})

    with pytest.raises(ProviderFailed, match="inside an event"):
        read(data[:length])


@pytest.mark.parametrize(
    ("total", "headers"), [(15, 0), (20, 10), (2**31, 0), (2**20, 2**19), (16, 2**32 - 1)]
)
def test_a_length_that_cannot_be_is_refused_before_anything_is_waited_for(total: int, headers: int) -> None:
    prelude = pack(">II", total, headers)

    with pytest.raises(ProviderFailed, match="impossible length"):
        read(prelude + pack(">I", crc32(prelude)))


@pytest.mark.parametrize(
    "headers",
    [
        b"\x01a\x0a",  # a type that does not exist
        b"\x01a\x07\x00\x09abc",  # text that is longer than the headers
        b"\x01a\x07\x00",  # a length that is cut
        b"\x09a\x00",  # a name that is longer than the headers
        b"\x01a",  # no type
        b"\x01a\x05\x00",  # a number that is cut
        b"\x01\xff\x00",  # a name that is no UTF-8
        b"\x01a\x00\x01a\x00",  # a name twice
        b"\x01a\x07\x00\x01x\x01a\x07\x00\x01y",  # the same, of text
    ],
)
def test_headers_that_cannot_be_read_are_refused(headers: bytes) -> None:
    with pytest.raises(ProviderFailed, match="unreadable headers"):
        read(frame(b"{}", raw_headers=headers))


def test_what_is_no_event_stream_at_all_is_refused() -> None:
    with pytest.raises(ProviderFailed, match="no stream of events"):
        read(b'{"message": "a proxy in between says so"}')
