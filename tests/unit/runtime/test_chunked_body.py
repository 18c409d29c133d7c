"""Chunks taken apart, in whatever pieces they come; and how a stream's time-out is kept."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.runtime.chunked_body import ChunkedBody
from aggregator.runtime.http_wire import NoAnswerError


def encoded(chunks: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    cuts=st.lists(st.integers(0, 400), max_size=12),
    beyond=st.binary(max_size=5),
)
def test_however_chunks_are_cut_the_body_is_the_same(
    chunks: list[bytes], cuts: list[int], beyond: bytes
) -> None:
    wire = encoded(chunks)
    places = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    body = ChunkedBody()

    pieces = [body.feed(wire[a:b]) for a, b in pairwise(places)]
    pieces.append(body.feed(beyond) if not body.ended else b"")

    assert b"".join(pieces) == b"".join(chunks)
    assert body.ended
    body.require_sound()


@pytest.mark.parametrize(
    ("wire", "body", "left_over"),
    [
        (b"3\r\none\r\n0\r\n\r\n", b"one", b""),
        (b"3;name=value\r\none\r\n0\r\nTrailer: x\r\n\r\n", b"one", b""),
        (b"3\r\none\r\n0\r\n\r\nHTTP/1.1", b"one", b"HTTP/1.1"),
        (b"0\r\n\r\n", b"", b""),
    ],
)
def test_extensions_and_trailers_are_no_part_of_the_body(wire: bytes, body: bytes, left_over: bytes) -> None:
    chunks = ChunkedBody()

    read = chunks.feed(wire)

    assert (read, chunks.ended, chunks.left_over) == (body, True, left_over)


@pytest.mark.parametrize("wrong", [b"what\r\n", b"-1\r\n", b"\r\n\r\n", b"x" * 70_000])
def test_what_came_before_a_broken_chunk_is_given_first(wrong: bytes) -> None:
    chunks = ChunkedBody()

    read = chunks.feed(b"3\r\none\r\n" + wrong)

    assert read == b"one"
    assert not chunks.ended
    with pytest.raises(NoAnswerError):
        chunks.require_sound()


def test_what_looks_like_a_chunk_among_the_trailers_is_no_content() -> None:
    chunks = ChunkedBody()

    read = [chunks.feed(each) for each in (b"1\r\na\r\n", b"0\r\n", b"1\r\nb\r\n")]

    assert read == [b"a", b"", b""]
    with pytest.raises(NoAnswerError):
        chunks.require_sound()
