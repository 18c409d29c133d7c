"""Anthropic's plain answers, built from the SDK's own types, as chat completions."""

from typing import Any

import pytest
from anthropic.types import (
    CitationCharLocation,
    Message,
    RedactedThinkingBlock,
    RefusalStopDetails,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    Usage,
)
from anthropic.types.output_tokens_details import OutputTokensDetails

from aggregator.billing.price import Usage as Counted
from aggregator.errors import ProviderFailed, ProviderUnavailable, RateLimitExceeded, Refusal
from aggregator.proxy.dialects.messages.provider import refusal
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_world import Native, called

HI = {"role": "user", "content": "hi"}


def message(*content: Any, stop_reason: Any = "end_turn", usage: Usage | None = None, **fields: Any) -> bytes:
    whole = Message(
        id="msg_1",
        type="message",
        role="assistant",
        model="claude-opus-5-5",
        content=list(content),
        stop_reason=stop_reason,
        usage=usage or Usage(input_tokens=10, output_tokens=5),
        **fields,
    )
    return whole.to_json().encode()


def claude() -> Native:
    return Native("anthropic", "claude-opus-5-5")


def said(*content: Any, **fields: Any) -> JsonObject:
    choice: JsonObject = claude().answered(message(*content, **fields))["choices"][0]
    return choice


def test_words_become_a_chat_completion_with_all_totals() -> None:
    native = claude()

    answer = native.answered(message(TextBlock(type="text", text="hel"), TextBlock(type="text", text="lo")))

    assert answer["id"] == "msg_1"
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "claude-opus-5-5"
    assert answer["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    ]
    assert answer["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    assert native.progress.finished
    assert native.progress.output_bytes == 5
    assert native.progress.usage == Counted(input_tokens=10, output_tokens=5)


def test_what_the_cache_gave_and_took_is_part_of_the_prompt_and_thinking_part_of_the_output() -> None:
    native = claude()
    usage = Usage(
        input_tokens=10,
        output_tokens=50,
        cache_read_input_tokens=1000,
        cache_creation_input_tokens=200,
        output_tokens_details=OutputTokensDetails(thinking_tokens=30),
    )

    answer = native.answered(message(TextBlock(type="text", text="hello"), usage=usage))

    assert answer["usage"] == {
        "prompt_tokens": 1210,
        "completion_tokens": 50,
        "total_tokens": 1260,
        "prompt_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 200},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    assert native.progress.usage == Counted(
        input_tokens=1210,
        output_tokens=50,
        cached_input_tokens=1000,
        cache_write_tokens=200,
        reasoning_tokens=30,
    )


def test_parallel_calls_keep_their_order_and_arguments_are_a_json_string() -> None:
    choice = said(
        ToolUseBlock(type="tool_use", id="toolu_1", name="weather", input={"city": "Århus"}),
        ToolUseBlock(type="tool_use", id="toolu_2", name="now", input={}),
        stop_reason="tool_use",
    )

    assert choice == {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "toolu_1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Århus"}'},
                },
                {"id": "toolu_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
            ],
        },
        "finish_reason": "tool_calls",
    }


def test_thoughts_come_in_words_and_as_details_that_claude_takes_back() -> None:
    thought = ThinkingBlock(type="thinking", thinking="they ask for weather", signature="sig==")
    hidden = RedactedThinkingBlock(type="redacted_thinking", data="encrypted")
    call = ToolUseBlock(type="tool_use", id="call_1", name="weather", input={"city": "Rome"})
    native = claude()

    answer = native.answered(message(thought, hidden, call, stop_reason="tool_use"))["choices"][0]["message"]
    again = native.sent(messages=[HI, answer, {"role": "tool", "tool_call_id": "call_1", "content": "sun"}])

    assert answer["reasoning_content"] == "they ask for weather"
    assert again["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "they ask for weather", "signature": "sig=="},
        {"type": "redacted_thinking", "data": "encrypted"},
        {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Rome"}},
    ]


def test_thoughts_whose_words_are_left_out_still_come_back() -> None:
    thought = ThinkingBlock(type="thinking", thinking="", signature="sig==")
    native = claude()

    answer = native.answered(message(thought, TextBlock(type="text", text="hello")))["choices"][0]["message"]

    assert "reasoning_content" not in answer
    assert native.sent(messages=[HI, answer, HI])["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "", "signature": "sig=="},
        {"type": "text", "text": "hello"},
    ]


def test_what_another_provider_thought_is_not_sent_to_claude() -> None:
    foreign = {"type": "reasoning.encrypted", "data": "x", "format": "google-gemini-v1", "index": 0}
    answer = {"role": "assistant", "tool_calls": [called()], "reasoning_details": [foreign, "odd"]}

    blocks = claude().sent(messages=[HI, answer])["messages"][1]["content"]

    assert [block["type"] for block in blocks] == ["tool_use"]


def test_claudes_own_thinking_parts_come_back_as_they_are() -> None:
    part = {"type": "thinking", "thinking": "so", "signature": "sig=="}
    answer = {"role": "assistant", "content": [part, {"type": "text", "text": "hello"}]}

    assert claude().sent(messages=[HI, answer])["messages"][1]["content"][0] == part


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
    ],
)
def test_every_reason_to_stop_has_openais_name(stop_reason: str, finish_reason: str) -> None:
    assert said(TextBlock(type="text", text="a"), stop_reason=stop_reason)["finish_reason"] == finish_reason


def test_the_sequence_that_ended_an_answer_is_told_beside_the_reason() -> None:
    choice = said(TextBlock(type="text", text="a"), stop_reason="stop_sequence", stop_sequence="END")

    assert (choice["finish_reason"], choice["stop_reason"]) == ("stop", "END")
    assert "stop_reason" not in said(TextBlock(type="text", text="a"))


def test_a_reason_that_is_not_known_yet_is_an_end() -> None:
    answer = {"id": "msg_1", "type": "message", "content": [], "stop_reason": ["new"], "model": "m"}

    assert claude().answered(answer)["choices"][0]["finish_reason"] == "stop"


def test_a_refusal_that_is_explained_says_so() -> None:
    details = RefusalStopDetails(type="refusal", category="cyber", explanation="No malware.")

    choice = said(stop_reason="refusal", stop_details=details)

    assert choice["message"] == {"role": "assistant", "content": "", "refusal": "No malware."}
    assert choice["finish_reason"] == "content_filter"


def test_an_answer_without_content_is_an_empty_message() -> None:
    assert said() == {
        "index": 0,
        "message": {"role": "assistant", "content": ""},
        "finish_reason": "stop",
    }


def test_blocks_of_other_kinds_are_passed_over() -> None:
    search = ServerToolUseBlock(type="server_tool_use", id="srv_1", name="web_search", input={"query": "x"})
    cited = CitationCharLocation(
        type="char_location", cited_text="a", document_index=0, start_char_index=0, end_char_index=1
    )

    choice = said(search, TextBlock(type="text", text="hello", citations=[cited]))

    assert choice["message"] == {"role": "assistant", "content": "hello"}


def test_without_usage_nothing_is_counted() -> None:
    native = claude()
    answer = {"id": "msg_1", "type": "message", "content": [{"type": "text", "text": "hi"}], "model": "m"}

    assert "usage" not in native.answered(answer)
    assert native.progress.usage is None
    assert native.progress.output_bytes == 2


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"<html>", ProviderFailed),
        (b"[]", ProviderFailed),
        (b"{}", ProviderFailed),
        (b'{"type":"error","error":{"type":"api_error","message":"x"}}', ProviderFailed),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}', ProviderUnavailable),
        (b'{"type":"error","error":{"type":"rate_limit_error","message":"x"}}', RateLimitExceeded),
        (b'{"error":"odd"}', ProviderFailed),
    ],
)
def test_what_is_no_message_is_a_failure(answer: bytes, failure: type[Refusal]) -> None:
    with pytest.raises(failure):
        claude().answered(answer)


def test_the_platforms_own_empty_purse_is_not_the_clients_fault() -> None:
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}'
    theirs = b'{"type":"error","error":{"type":"invalid_request_error","message":"messages: too long"}}'

    assert type(refusal(400, {}, body)).__name__ == "ProviderFailed"
    assert refusal(400, {}, theirs).message == "messages: too long"
    assert type(refusal(400, {}, b"odd")).__name__ == "ProviderRefused"
