"""Streams of Converse as chunks: every kind of event, in every split, and cut or damaged anywhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.eventstream import EventStream
from botocore.parsers import EventStreamJSONParser
from openai.types.chat import ChatCompletionChunk

from aggregator.billing.price import Usage
from aggregator.errors import (
    ProviderFailed,
    Refusal,
)
from aggregator.proxy.exchange import Progress
from tests.fakes.bedrock_wire import (
    CLAUDE,
    NOVA,
    RICH,
    argument,
    end,
    event,
    exception,
    hello,
    members_of,
    samples,
    start_call,
    stop_block,
    streamed,
    structure,
    text_delta,
    thought,
    usage,
)
from tests.fakes.translated import streamed as as_chat

JsonObject = dict[str, Any]


def deltas(chunks: list[JsonObject]) -> list[JsonObject]:
    return [chunk["choices"][0]["delta"] for chunk in chunks]


def test_the_streams_of_these_tests_are_such_as_botocore_reads() -> None:
    shape = structure("ConverseStreamOutput")

    class Raw:
        def stream(self) -> list[bytes]:
            return list(RICH)

    read: list[Any] = list(EventStream(Raw(), shape, EventStreamJSONParser(), "ConverseStream"))

    assert len(read) == len(RICH)
    assert read[1] == {
        "contentBlockDelta": {"delta": {"reasoningContent": {"text": "h"}}, "contentBlockIndex": 0}
    }


def test_words_come_as_they_are_said_and_the_role_with_the_first() -> None:
    chunks = streamed(hello())

    assert [chunk["choices"] for chunk in chunks] == [
        [{"index": 0, "delta": {"role": "assistant", "content": "hel"}, "finish_reason": None}],
        [{"index": 0, "delta": {"content": "lo"}, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    ]
    assert {chunk["model"] for chunk in chunks} == {CLAUDE}
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_thoughts_words_and_calls_become_chunks_that_openais_types_read() -> None:
    chunks = streamed(RICH)

    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk)
    marked = {"format": "anthropic-claude-v1"}
    assert deltas(chunks) == [
        {"role": "assistant", "content": "", "reasoning_content": "h"},
        {"reasoning_content": "m"},
        {
            "reasoning_details": [
                {"type": "reasoning.text", "text": "hm", "signature": "sig", **marked, "index": 0}
            ]
        },
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "cXV4", **marked, "index": 1}]},
        {"content": "Let me see."},
        {
            "tool_calls": [
                {"index": 0, "id": "a", "type": "function", "function": {"name": "weather", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": '}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Rome"}'}}]},
        {
            "tool_calls": [
                {"index": 1, "id": "b", "type": "function", "function": {"name": "now", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_the_usage_is_kept_for_the_client_and_the_bill() -> None:
    progress = Progress(model=CLAUDE)

    streamed(RICH, progress)

    assert progress.usage == Usage(14, 5, cached_input_tokens=4)
    assert progress.finished


def test_what_was_said_is_counted_as_it_comes() -> None:
    progress = Progress()

    streamed([text_delta("hé"), thought(1, text="abc"), start_call(2), argument(2, "{}")], progress)

    assert (progress.output_bytes, progress.finished, progress.usage) == (15, False, None)


def test_the_tool_that_stands_for_a_schema_streams_as_content() -> None:
    name = "aggregator_json_answer"
    stream = [
        start_call(0, "t", name),
        argument(0, '{"a"'),
        argument(0, ":1}"),
        stop_block(0),
        end("tool_use"),
    ]

    chunks = streamed(stream, model=NOVA)

    assert deltas(chunks) == [{"role": "assistant", "content": '{"a"'}, {"content": ":1}"}, {}]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_an_answer_that_says_nothing_still_begins_and_ends() -> None:
    chunks = streamed([event("messageStart", role="assistant"), end(), event("metadata", usage=usage())])

    assert deltas(chunks) == [{"role": "assistant", "content": ""}]


def test_a_stream_without_a_count_ends_without_one() -> None:
    progress = Progress()

    streamed([text_delta("hi"), end()], progress)

    assert (progress.finished, progress.usage) == (True, None)


def test_a_stream_that_ends_before_the_message_does_is_not_finished() -> None:
    progress = Progress()

    streamed(hello()[:3], progress)

    assert not progress.finished


@pytest.mark.parametrize("kind", list(members_of("ConverseStreamOutput")))
def test_every_kind_of_event_that_bedrock_knows_is_either_heard_or_a_refusal(kind: str) -> None:
    shape = members_of("ConverseStreamOutput")[kind]

    for sample in samples(shape):
        stream = [text_delta("before")]
        if shape.metadata.get("exception"):
            with pytest.raises(Refusal):
                streamed([*stream, exception(kind, sample["message"])])
        elif sample.get("stopReason", "").startswith("malformed"):
            with pytest.raises(ProviderFailed):
                streamed([*stream, event(kind, **sample)])
        else:
            chunks = streamed([*stream, event(kind, **sample)])
            assert deltas(chunks)[0] == {"role": "assistant", "content": "before"}
            for chunk in chunks:
                ChatCompletionChunk.model_validate(chunk)


def test_an_event_of_tomorrow_is_passed_over() -> None:
    chunks = streamed([event("somethingNew", x=1), *hello()])

    assert len(chunks) == 3


@pytest.mark.parametrize(
    "odd",
    [
        event("contentBlockStart", start=None, contentBlockIndex=0),
        event("contentBlockDelta", delta=[], contentBlockIndex=0),
        event("contentBlockDelta", delta={"toolUse": {"input": "{}"}}, contentBlockIndex=9),
        event("contentBlockDelta", delta={"text": 7}, contentBlockIndex="x"),
        event("metadata", usage=None),
    ],
)
def test_an_event_of_an_odd_shape_takes_nothing_along(odd: bytes) -> None:
    assert len(streamed([odd, *hello()])) == 3


def test_a_chunk_is_out_before_the_next_event_is_in() -> None:
    asked: list[str] = []

    def blocks() -> Iterator[bytes]:
        yield text_delta("one")
        asked.append("more")
        yield text_delta("two")

    first = next(as_chat("converse", blocks(), Progress()))

    assert b'"content":"one"' in first
    assert asked == []
