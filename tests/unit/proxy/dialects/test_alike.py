"""Events that are like one that was read are not read: what comes of a stream is the same as if they were."""

import json
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.errors import Refusal
from aggregator.proxy.dialects.chat import native
from aggregator.proxy.dialects.messages import native as messages
from aggregator.proxy.exchange import Progress
from aggregator.runtime.sse import provider_json

JsonObject = dict[str, Any]


def chunk(content: str, /, **more: Any) -> JsonObject:
    choice = {"index": 0, "delta": {"content": content}, "logprobs": None, "finish_reason": None}
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": [choice], **more}


def event(said: JsonObject, *, compact: bool = True, ascii_only: bool = False) -> bytes:
    separators = (",", ":") if compact else (", ", ": ")
    return b"data: " + json.dumps(said, separators=separators, ensure_ascii=ascii_only).encode() + b"\n\n"


def told(events: Iterable[bytes], most_alike: int, lane: ModuleType = native) -> tuple[Any, ...]:
    """What comes of a stream: what its reader gets, what is known of it, and how it fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lane, "MOST_ALIKE", most_alike)
        progress, failed = Progress(model="m"), ""
        passed: list[bytes] = []
        try:
            passed.extend(lane.stream(iter(events), progress))
        except Refusal as refused:
            failed = f"{type(refused).__name__}: {refused.message}"
    return passed, {name: getattr(progress, name) for name in Progress.__slots__}, failed


def read_events(events: Iterable[bytes], lane: ModuleType = native) -> int:
    """How many events of a stream are read as JSON."""
    read = 0

    def counted(text: bytes, otherwise: str) -> Any:
        nonlocal read
        read += 1
        return provider_json(text, otherwise)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lane, "provider_json", counted)
        list(lane.stream(iter(events), Progress()))
    return read


WORDS = ["Hello", " there", "", " — да", " 好", "\x7f", " 🙂", "usage", ",null", "}]"]


@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize(
    "more", [{}, {"usage": None}, {"service_tier": "default", "system_fingerprint": "f"}]
)
def test_of_words_alone_one_event_is_read(compact: bool, more: JsonObject) -> None:
    events = [event(chunk(words, **more), compact=compact) for words in WORDS]

    assert read_events(events) == 1
    passed, known, failed = told(events, 8)
    assert (passed, known, failed) == told(events, 0)
    assert known["output_bytes"] == sum(len(words.encode()) for words in WORDS)
    assert b"".join(passed).count(b"usage") == 1


def test_openais_padding_differs_from_event_to_event() -> None:
    events = [
        event(chunk(words, usage=None, obfuscation="x" * n)) for n, words in enumerate(["a", "bc", "", "d"])
    ]

    assert read_events(events) == 1
    assert told(events, 8) == told(events, 0)


@pytest.mark.parametrize(
    "odd",
    [
        event(chunk('a "word"')),
        event(chunk("a\nline")),
        event(chunk("emoji 🙂"), ascii_only=True),
        event(chunk("a", id="c-2")),
        event({**chunk("a"), "error": {"message": "no"}}),
        event(chunk("\ud83d"), ascii_only=True),
        event(chunk("words")).replace(b"words", b"\xff\xfe"),
        event(chunk("words")).replace(b"words", b"\xed\xa0\x80"),
        event(chunk("words")).replace(b"words", b"a\x01b"),
        event(chunk("words")).replace(b"words", b"a\tb"),
        event(chunk("words")).replace(b"words", b'a"},"finish_reason":"stop","x":{"y":"b'),
        event(chunk("words")).replace(b"words", b"a\\"),
        event(chunk("words")).replace(b"\n\n", b"\ndata: x\n\n"),
        event(chunk("words"))[:40] + b"\n\n",
        event({**chunk("a"), "choices": []}),
        b"data: [DONE]\n\n",
        b": a comment\n\n",
        b"event: error\ndata: {}\n\n",
        b"<html>\n\n",
    ],
)
def test_what_is_not_alike_is_read(odd: bytes) -> None:
    events = [event(chunk("Hello")), event(chunk(" there")), odd, event(chunk("after"))]

    assert told(events, 8) == told(events, 0)
    assert told(events, 8)[1]["output_bytes"] >= len("Hello there")


_PADDED = event(chunk("a", obfuscation="xx"))
_OF_TWO = event(chunk("words")).replace(b'"delta"', b'"logprobs":{"content":"other"},"delta"')
_ESCAPED = _OF_TWO.replace(b'"delta":{"content"', b'"delta":{"\\u0063ontent"')
_OF_LINES = event(chunk("words")).replace(b',"choices"', b',\ndata: "choices"')
_WITH_ID = b"id: 1\n" + event(chunk("words"))


@pytest.mark.parametrize(
    ("first", "old", "new"),
    [
        (_PADDED, b"xx", b'x","error":{"message":"no"},"system_fingerprint":"x'),
        (_PADDED, b"xx", b"x\\"),
        (_PADDED, b'"a"', b'"a","role":"b"'),
        (_OF_TWO, b"other", b"another one"),
        (_ESCAPED, b"other", b"another one"),
        (_OF_LINES, b"words", b"other words"),
        (_WITH_ID, b"words", b"other words"),
        (_WITH_ID, b"id: 1", b"id: 2"),
    ],
)
def test_events_that_look_alike_are_told_as_what_they_are(first: bytes, old: bytes, new: bytes) -> None:
    assert old in first
    events = [first, first.replace(old, new), first]

    assert told(events, 8) == told(events, 0)


def test_events_that_are_all_different_are_looked_at_for_likeness_a_few_times_only() -> None:
    events = [event(chunk("a", id=f"c-{n}")) for n in range(20)]

    assert read_events(events) == 20
    assert told(events, 8) == told(events, 0)


def delta(text: Any, *, kind: str = "text_delta", name: str = "text", **more: Any) -> bytes:
    said = {"type": "content_block_delta", "index": 0, "delta": {"type": kind, name: text}, **more}
    return b"event: content_block_delta\n" + event(said)


START = b"event: message_start\n" + event({
    "type": "message_start",
    "message": {"usage": {"input_tokens": 3, "output_tokens": 1}},
})  # fmt: skip
STOP = b"event: message_delta\n" + event({
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"output_tokens": 9},
})  # fmt: skip


def test_of_a_messages_deltas_one_of_each_kind_is_read() -> None:
    thoughts = [delta(words, kind="thinking_delta", name="thinking") for words in WORDS]
    events = [START, *thoughts, *(delta(words) for words in WORDS), STOP]

    assert read_events(events, messages) == 4
    passed, known, failed = told(events, 8, messages)
    assert (passed, known, failed) == told(events, 0, messages)
    assert b"".join(passed) == b"".join(events[:-1])
    assert known["output_bytes"] == 2 * sum(len(words.encode()) for words in WORDS)


def test_what_came_together_goes_on_together() -> None:
    come = [START + delta("Hello"), delta(" there") + delta(", you"), STOP]

    assert told(come, 8, messages)[0] == come[:-1]


def test_what_came_before_a_failure_goes_on() -> None:
    broken = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"no"}}\n\n'

    passed, known, failed = told([START + delta("Hello") + broken], 8, messages)

    assert passed == [START + delta("Hello")]
    assert known["output_bytes"] == 5
    assert failed


@pytest.mark.parametrize(
    ("first", "old", "new"),
    [
        (delta("words"), b"words", b"a\\"),
        (delta("words"), b"words", b'a"},"error":{"type":"x","message":"y'),
        (delta("words"), b"content_block_delta", b"message_stop"),
        (delta("words"), b'"index":0', b'"index":1'),
        (delta(None, more="words"), b"words", b"other words"),
        (delta("words", other={"text": "other"}), b'other"}', b'another one"}'),
    ],
)
def test_deltas_that_look_alike_are_told_as_what_they_are(first: bytes, old: bytes, new: bytes) -> None:
    assert old in first
    events = [START, first, first.replace(old, new), first, STOP]

    assert told(events, 8, messages) == told(events, 0, messages)


# Pieces of JSON and of events, so that what is made of them is nearly right.
_PIECES = st.sampled_from([
    "Hello", "a", "", '"', "\\", "\\n", "\\u0041", '"content"', '"content":"a"', ":", ",", "{", "}", "[", "]", "null",
    '"usage":null', '"obfuscation":"', "\n", "data: ", "é", "\x00", " ", '"},"finish_reason":"stop"', "🙂",
])  # fmt: skip
_TEXTS = st.lists(_PIECES, max_size=4).map("".join)
_CHUNKS = st.builds(
    lambda content, more, compact: event(chunk(content, **more), compact=compact),
    _TEXTS,
    st.fixed_dictionaries(
        {},
        optional={
            "usage": st.sampled_from(
                [None, {}, {"prompt_tokens": 1, "completion_tokens": 2, "content": "a"}]
            ),
            "obfuscation": _TEXTS,
            "model": _TEXTS,
            "content": _TEXTS,
        },
    ),
    st.booleans(),
)
_BROKEN = st.builds(
    lambda whole, at, piece: whole[: at % len(whole)] + piece.encode() + whole[at % len(whole) :],
    _CHUNKS,
    st.integers(0, 400),
    _PIECES,
)


@given(st.lists(_CHUNKS | _BROKEN, min_size=1, max_size=6), st.lists(_TEXTS, max_size=4))
@example([event(chunk("a", content="a"))], ["b"])
def test_whatever_comes_a_stream_is_told_as_if_all_of_it_were_read(
    events: list[bytes], middles: list[str]
) -> None:
    first = event(chunk("words"))
    events = [first, *events, *(first.replace(b"words", middle.encode()) for middle in middles)]

    assert told(events, 8) == told(events, 0)


@given(st.lists(_TEXTS.map(delta) | _BROKEN, max_size=6), st.lists(_TEXTS, max_size=4))
def test_so_is_one_of_messages(events: list[bytes], middles: list[str]) -> None:
    first = delta("words")
    events = [START, first, *events, *(first.replace(b"words", middle.encode()) for middle in middles), STOP]

    assert told(events, 8, messages) == told(events, 0, messages)
