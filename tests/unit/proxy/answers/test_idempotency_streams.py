import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import RequestInProgress
from aggregator.proxy.answers.idempotency import once
from aggregator.proxy.dialects.surface import ends_in
from aggregator.runtime.streaming import StreamingResponse
from tests.unit.proxy.answers.idempotency_desk import (
    DONE,
    ERROR,
    SSE,
    Desk,
    Stream,
    allows_all,
    plain,
    read,
    request,
    start,
    stream,
)


def test_a_stream_comes_again_as_a_stream_with_every_byte() -> None:
    desk = Desk()
    first = read(desk.ask(stream(b"data: a\n\n", b"", b"data: b\n\n", DONE)))

    again = desk.ask(plain(), request("r2"))

    assert first == b"data: a\n\ndata: b\n\ndata: [DONE]\n\n"
    assert read(again) == first
    assert (again.status, again.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert desk.carried_out == 1


def test_a_stream_is_handed_on_chunk_by_chunk() -> None:
    desk = Desk()

    answer = desk.ask(stream(b"data: a\n\n", b"data: b\n\n", DONE))

    assert start(answer.chunks, 3) == [b"data: a\n\n", b"data: b\n\n", DONE]


def test_while_a_stream_runs_its_key_is_in_use() -> None:
    desk = Desk()
    answer = desk.ask(stream(b"data: a\n\n", DONE))
    start(answer.chunks, 1)

    with pytest.raises(RequestInProgress):
        desk.ask(plain(), request("r2"))


@pytest.mark.parametrize(
    "cut",
    [
        (b"data: a\n\n", ERROR),
        (b"data: a\n\n",),
        (),
        (b"data: [DONE]\n\n", b"data: more\n\n"),
    ],
)
def test_a_stream_that_was_cut_is_not_stored_and_frees_its_key(cut: tuple[bytes, ...]) -> None:
    desk = Desk()

    read(desk.ask(stream(*cut)))

    assert desk.marks == []


def test_a_stream_that_breaks_is_not_stored_and_frees_its_key() -> None:
    desk = Desk()
    answer = desk.ask(stream(b"data: a\n\n", RuntimeError("defect")))

    with pytest.raises(RuntimeError, match="defect"):
        read(answer)

    assert desk.marks == []


@pytest.mark.parametrize("chunks_read", [0, 1])
def test_a_client_that_leaves_early_frees_the_key_and_ends_the_provider(chunks_read: int) -> None:
    desk = Desk()
    chunks = Stream(b"data: a\n\n", b"data: b\n\n", DONE)
    answer = desk.ask(StreamingResponse(200, SSE, chunks))
    start(answer.chunks, chunks_read)

    answer.close()

    assert chunks.closed == 1
    assert desk.marks == []


def test_a_client_that_leaves_with_the_whole_answer_has_it_stored() -> None:
    desk = Desk()
    answer = desk.ask(stream(b"data: a\n\n", DONE))
    start(answer.chunks, 2)

    answer.close()

    assert read(desk.ask(plain(), request("r2"))) == b"data: a\n\ndata: [DONE]\n\n"


def test_a_stream_is_stored_as_soon_as_it_is_read_to_its_end() -> None:
    desk = Desk()
    answer = desk.ask(stream(b"data: a\n\n", DONE, b""))

    assert len(list(answer.chunks)) == 3

    assert read(desk.ask(plain(), request("r2"))) == b"data: a\n\ndata: [DONE]\n\n"


def test_a_stream_is_stored_once_however_often_it_is_closed() -> None:
    desk = Desk()
    answer = desk.ask(stream(DONE))

    read(answer)
    answer.close()

    assert desk.aws.calls == ["PutItem", "PutItem"]


def test_each_surface_says_how_its_streams_end() -> None:
    desk = Desk()

    ends = ends_in("response.completed", "response.incomplete")
    last = b"event: response.output_item.done\ndata: {}\n\nevent: response.incomplete\ndata: {}\n\n"
    read(once(desk.store, request(), lambda: stream(b"data: a\n\n", last), is_whole=ends, allows=allows_all))
    read(once(desk.store, request("r2", key="other"), lambda: stream(DONE), is_whole=ends, allows=allows_all))

    assert [mark["answer_status"] for mark in desk.marks] == [{"N": "200"}]


@pytest.mark.parametrize(
    ("last_chunk", "is_whole"),
    [
        (b'event: message_stop\ndata: {"type":"message_stop"}\n\n', True),
        (b"event: ping\ndata: {}\n\nevent: message_stop\ndata: {}\n\n", True),
        (b"event: message_stop\ndata: {}\n\nevent: error\ndata: {}\n\n", False),
        (b'event: content_block_delta\ndata: {"text":"event: message_stop\\n"}\n\n', False),
        (b"event: message_stop_soon\ndata: {}\n\n", False),
        (b"", False),
    ],
)
def test_a_stream_of_typed_events_is_whole_if_its_last_one_says_so(
    last_chunk: bytes, *, is_whole: bool
) -> None:
    assert ends_in("message_stop")(last_chunk) is is_whole


@given(chunks=st.lists(st.binary(max_size=2_000), max_size=20))
def test_any_bytes_come_again_as_they_were(chunks: list[bytes]) -> None:
    desk = Desk()
    first = read(desk.ask(stream(*chunks, DONE)))

    again = read(desk.ask(plain(), request("r2")))

    assert again == first == b"".join([*chunks, DONE])
