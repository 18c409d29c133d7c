"""Our event streams and signatures against botocore's, over random input: see tests/fuzz, and `make fuzz` for more."""

from struct import pack
from zlib import crc32

import pytest

from tests.fakes.bedrock_wire import frame
from tests.fuzz import event_streams, signatures


@pytest.mark.parametrize("first", range(0, 3000, 1000))
def test_no_event_stream_is_read_in_two_ways(first: int) -> None:
    found = [event_streams.of_seed(seed) for seed in range(first, first + 1000)]

    assert [each for each in found if each] == []


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (pack(">II", 12, 0) + pack(">I", crc32(pack(">II", 12, 0))), "a length that cannot be"),
        (frame(b"{}", raw_headers=b"\x01a\x07\x00\x09abc"), "a value beyond the headers"),
        (frame(b"{}")[:-1], "a stream that ends inside a frame"),
    ],
)
def test_what_we_refuse_of_event_streams_beyond_botocore_has_a_reason(wire: bytes, why: str) -> None:
    assert why in event_streams.STRICTER
    assert event_streams.botocores(wire) == ([], [why])
    assert event_streams.ours([wire]) == ([], False)


def test_each_reason_to_refuse_an_event_stream_has_its_form() -> None:
    assert list(event_streams.STRICTER) == [
        "a length that cannot be",
        "a value beyond the headers",
        "a stream that ends inside a frame",
    ]


@pytest.mark.parametrize("first", range(0, 1500, 500))
def test_aws_would_take_every_signature(first: int) -> None:
    found = [signatures.difference(seed) for seed in range(first, first + 500)]

    assert [each for each in found if each] == []
