"""Anthropic's streams, built from the SDK's own types, as chat completion chunks."""

import json
from typing import Any

import pytest
from anthropic.types import (
    CitationCharLocation,
    CitationsDelta,
    InputJSONDelta,
    Message,
    MessageDeltaUsage,
    RawContentBlockDeltaEvent,
    RawContentBlockStartEvent,
    RawContentBlockStopEvent,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
    RedactedThinkingBlock,
    RefusalStopDetails,
    ServerToolUseBlock,
    SignatureDelta,
    TextBlock,
    TextDelta,
    ThinkingBlock,
    ThinkingDelta,
    ToolUseBlock,
    Usage,
)
from anthropic.types.raw_message_delta_event import Delta

from aggregator.billing.price import Usage as Counted
from aggregator.errors import ProviderFailed, ProviderUnavailable, RateLimitExceeded, Refusal
from aggregator.proxy.exchange import Progress, UpstreamError
from tests.fakes.chat_world import JsonObject
from tests.fakes.translated import streamed as as_chat
from tests.unit.proxy.dialects.native_world import Native, calls_joined, deltas, joined, put_together


def event(said: Any) -> bytes:
    body = said if isinstance(said, dict) else json.loads(said.to_json())
    return f"event: {body.get('type')}\ndata: {json.dumps(body)}\n\n".encode()


def start(**usage: int) -> bytes:
    message = Message(
        id="msg_1",
        type="message",
        role="assistant",
        model="claude-opus-5-5",
        content=[],
        usage=Usage(**({"input_tokens": 10, "output_tokens": 1} | usage)),
    )
    return event(RawMessageStartEvent(type="message_start", message=message))


def block(index: int, content: Any, *content_deltas: Any) -> bytes:
    return b"".join(
        [
            event(RawContentBlockStartEvent(type="content_block_start", index=index, content_block=content)),
            *(
                event(RawContentBlockDeltaEvent(type="content_block_delta", index=index, delta=delta))
                for delta in content_deltas
            ),
            event(RawContentBlockStopEvent(type="content_block_stop", index=index)),
        ]
    )


def words(*said: str, index: int = 0) -> bytes:
    content = [TextDelta(type="text_delta", text=text) for text in said]
    return block(index, TextBlock(type="text", text=""), *content)


def end(stop_reason: Any = "end_turn", output_tokens: int = 5, **fields: Any) -> bytes:
    usage = MessageDeltaUsage(output_tokens=output_tokens, **fields.pop("usage", {}))
    delta = RawMessageDeltaEvent(
        type="message_delta", delta=Delta(stop_reason=stop_reason, **fields), usage=usage
    )
    return event(delta) + event(RawMessageStopEvent(type="message_stop"))


PING = event({"type": "ping"})
THOUGHT = block(
    0,
    ThinkingBlock(type="thinking", thinking="", signature=""),
    ThinkingDelta(type="thinking_delta", thinking="let "),
    ThinkingDelta(type="thinking_delta", thinking="me see"),
    SignatureDelta(type="signature_delta", signature="sig=="),
)
HIDDEN = block(1, RedactedThinkingBlock(type="redacted_thinking", data="encrypted"))
CALL = block(
    2,
    ToolUseBlock(type="tool_use", id="toolu_1", name="weather", input={}),
    InputJSONDelta(type="input_json_delta", partial_json=""),
    InputJSONDelta(type="input_json_delta", partial_json='{"city":'),
    InputJSONDelta(type="input_json_delta", partial_json='"Rome"}'),
)
BARE_CALL = block(3, ToolUseBlock(type="tool_use", id="toolu_2", name="now", input={}))


def claude() -> Native:
    return Native("anthropic", "claude-opus-5-5")


def test_words_come_as_chunks_with_the_role_first_and_the_reason_last() -> None:
    native = claude()

    chunks = native.streamed(start() + PING + words("hel", "lo") + end())

    assert deltas(chunks) == [{"role": "assistant", "content": "hel"}, {"content": "lo"}, {}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "stop"]
    assert {(chunk["id"], chunk["model"], chunk["object"]) for chunk in chunks} == {
        ("msg_1", "claude-opus-5-5", "chat.completion.chunk")
    }
    assert native.progress.finished
    assert native.progress.output_bytes == 5


def test_usage_is_what_start_and_end_say_together_and_goes_into_no_chunk() -> None:
    native = claude()
    beginning = start(input_tokens=10, cache_read_input_tokens=1000, cache_creation_input_tokens=200)

    chunks = native.streamed(
        beginning
        + words("hi")
        + end(output_tokens=50, usage={"output_tokens_details": {"thinking_tokens": 30}})
    )

    assert all("usage" not in chunk for chunk in chunks)
    assert native.progress.usage == Counted(
        input_tokens=1210,
        output_tokens=50,
        cached_input_tokens=1000,
        cache_write_tokens=200,
        reasoning_tokens=30,
    )


def test_a_stream_that_is_cut_keeps_what_was_counted_at_its_start() -> None:
    native = claude()

    native.streamed(start() + words("hello"))

    assert native.progress.usage is not None
    assert native.progress.uncounted_bytes == 5
    assert not native.progress.finished
    assert native.progress.output_bytes == 5


def test_a_call_comes_in_pieces_and_one_without_arguments_as_an_empty_object() -> None:
    chunks = claude().streamed(start() + CALL + BARE_CALL + end("tool_use"))

    assert calls_joined(chunks) == [
        ("toolu_1", "weather", '{"city":"Rome"}'),
        ("toolu_2", "now", "{}"),
    ]
    first = deltas(chunks)[0]
    assert first["role"] == "assistant"
    assert first["tool_calls"] == [
        {"index": 0, "id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_call_whose_input_stands_in_its_first_event_keeps_it() -> None:
    whole = block(0, ToolUseBlock(type="tool_use", id="toolu_1", name="weather", input={"city": "Rome"}))

    assert calls_joined(claude().streamed(start() + whole + end("tool_use"))) == [
        ("toolu_1", "weather", '{"city":"Rome"}')
    ]


def test_thoughts_come_in_words_and_as_details_that_claude_takes_back() -> None:
    native = claude()

    chunks = native.streamed(start() + THOUGHT + HIDDEN + CALL + end("tool_use"))
    again = native.sent(messages=[{"role": "user", "content": "hi"}, put_together(chunks)])

    assert joined(chunks, "reasoning_content") == "let me see"
    assert again["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "let me see", "signature": "sig=="},
        {"type": "redacted_thinking", "data": "encrypted"},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}},
    ]


def test_a_ping_is_a_sign_of_life() -> None:
    run = list(as_chat("messages", [start() + PING], Progress()))

    assert run == [b": heartbeat\n\n"]


def test_nothing_goes_out_before_the_first_block_so_that_an_early_error_can_fall_back() -> None:
    stream = as_chat("messages", [start(), b"event: error\n" + ERROR], Progress())

    with pytest.raises(ProviderUnavailable):
        next(stream)


ERROR = b'data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("overloaded_error", ProviderUnavailable),
        ("rate_limit_error", RateLimitExceeded),
        ("api_error", ProviderFailed),
        ("timeout_error", ProviderFailed),
    ],
)
def test_an_error_in_mid_stream_ends_it(kind: str, refusal: type[Refusal]) -> None:
    error = event({"type": "error", "error": {"type": kind, "message": "secret"}})

    with pytest.raises(refusal) as failed:
        claude().streamed(start() + words("hel") + error)

    assert "secret" not in failed.value.message


def test_an_event_that_is_no_json_ends_it() -> None:
    with pytest.raises(ProviderFailed):
        claude().streamed(start() + b"data: {\n\n")


def test_a_cut_below_comes_through() -> None:
    def cut() -> Any:
        yield start() + words("hel")
        raise UpstreamError("cut")

    native = claude()
    chunks = native.chunks(cut())

    with pytest.raises(UpstreamError):
        list(chunks)

    assert not native.progress.finished


def test_a_refusal_in_mid_stream_is_a_filtered_end() -> None:
    chunks = claude().streamed(start() + words("hel") + end("refusal"))

    assert joined(chunks, "content") == "hel"
    assert chunks[-1]["choices"][0]["finish_reason"] == "content_filter"


def test_a_refusal_from_the_start_is_explained() -> None:
    details = RefusalStopDetails(type="refusal", explanation="No malware.")

    chunks = claude().streamed(start() + end("refusal", stop_details=details))

    assert deltas(chunks) == [{"role": "assistant", "content": "", "refusal": "No malware."}, {}]


def test_an_answer_without_content_still_has_a_role_and_an_end() -> None:
    chunks = claude().streamed(start() + end())

    assert deltas(chunks) == [{"role": "assistant", "content": ""}]
    assert chunks[0]["choices"][0]["finish_reason"] == "stop"


def test_events_and_blocks_of_other_kinds_are_passed_over() -> None:
    search = ServerToolUseBlock(type="server_tool_use", id="srv_1", name="web_search", input={})
    cited = CitationCharLocation(
        type="char_location", cited_text="a", document_index=0, start_char_index=0, end_char_index=1
    )
    odd: list[JsonObject] = [
        {"type": "thread_moved", "to": 5},
        {"type": "content_block_start", "content_block": None},
        {"type": "content_block_delta", "delta": {"type": "new_delta", "x": 1}},
        {"type": "content_block_stop"},
        {"type": "message_delta"},
    ]

    chunks = claude().streamed(
        start()
        + b"".join(event(each) for each in odd)
        + block(0, search, InputJSONDelta(type="input_json_delta", partial_json='{"query":"x"}'))
        + block(
            1,
            TextBlock(type="text", text="he"),
            CitationsDelta(type="citations_delta", citation=cited),
            TextDelta(type="text_delta", text="llo"),
        )
        + end()
        + end()
    )

    assert joined(chunks, "content") == "hello"
    assert calls_joined(chunks) == []
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks].count("stop") == 1
