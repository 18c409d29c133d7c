"""Server-sent events: however a stream is cut into blocks, its events are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ProviderFailed
from aggregator.runtime.sse import data_event, payload_of, split, whole_events
from tests.fuzz import server_events

ENDS = [b"\n", b"\r\n", b"\r"]


def events_of(*blocks: bytes) -> list[bytes]:
    return [event.strip(b"\n") for run in whole_events(iter(blocks)) for event in split(run)]


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Payloads, and a stream that carries them, cut anywhere; one kind of line end throughout."""
    payloads = draw(st.lists(st.binary(max_size=12).map(_one_line), min_size=1, max_size=6))
    end = draw(st.sampled_from(ENDS))
    whole = b"".join(b"data: " + payload + end + end for payload in payloads)
    if draw(st.booleans()):
        whole = whole.removesuffix(end + end)
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    blocks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    return payloads, blocks


def _one_line(content: bytes) -> bytes:
    return b"x" + content.replace(b"\n", b"").replace(b"\r", b"")


@given(cut_streams())
def test_any_cut_gives_the_same_events(cut: tuple[list[bytes], list[bytes]]) -> None:
    payloads, blocks = cut

    assert [payload_of(event) for event in events_of(*blocks)] == payloads


@given(cut_streams())
def test_no_run_ends_within_an_event(cut: tuple[list[bytes], list[bytes]]) -> None:
    for run in whole_events(iter(cut[1])):
        assert run.endswith(b"\n\n")
        assert b"\r" not in run


def test_a_line_end_cut_in_two_is_one_line_end() -> None:
    assert events_of(b"data: a\r", b"\ndata: b\r\n\r", b"\ndata: c\r\n\r\n") == [
        b"data: a\ndata: b",
        b"data: c",
    ]


def test_a_blank_line_cut_in_two_ends_the_event() -> None:
    assert events_of(b"data: a\n", b"\ndata: b\n\n") == [b"data: a", b"data: b"]


def test_events_that_came_together_leave_together() -> None:
    assert list(whole_events(iter([b"data: a\n\ndata: b\n\ndata: c"]))) == [
        b"data: a\n\ndata: b\n\n",
        b"data: c\n\n",
    ]


def test_a_whole_event_does_not_wait_for_the_next_block() -> None:
    blocks = iter([b"data: a\n\n", b"data: b\n\n"])

    assert next(whole_events(blocks)) == b"data: a\n\n"
    assert next(blocks) == b"data: b\n\n"


@pytest.mark.parametrize("blocks", [[], [b""], [b"\n\n"], [b"\r\n", b"\r\n"], [b" "]])
def test_nothing_gives_no_event(blocks: list[bytes]) -> None:
    assert events_of(*blocks) == []


def test_an_event_without_an_end_is_given_up_on() -> None:
    with pytest.raises(ProviderFailed, match="without an end"):
        list(whole_events(b"x" * 1_048_576 for _ in range(20)))


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (b"data: a\n\n", b"a"),
        (b"data:a\n\n", b"a"),
        (b"data:  a\n\n", b" a"),
        (b"event: x\nid: 5\ndata: a\n\n", b"a"),
        (b"data: a\ndata: b\n\n", b"a\nb"),
        (b": comment\n\n", b""),
        (b"event: ping\n\n", b""),
    ],
)
def test_the_payload_is_what_follows_data(event: bytes, payload: bytes) -> None:
    assert payload_of(event) == payload


def test_a_value_is_written_on_one_line() -> None:
    assert data_event({"a": "x\ny", "b": [1, 2]}) == b'data: {"a":"x\\ny","b":[1,2]}\n\n'


def test_a_field_without_a_colon_is_an_empty_one() -> None:
    assert [payload_of(event) for event in events_of(b"data\ndata: a\n\nevent\ndata:b\n\n")] == [b"\na", b"b"]


def test_every_stream_is_read_as_openais_sdk_reads_it() -> None:
    found = [server_events.of_seed(seed) for seed in range(1500)]

    assert [each for each in found if each] == []
