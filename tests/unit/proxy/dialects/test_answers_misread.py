"""Answers that providers give and that were once misread: each with what its client should see."""

import json
from typing import Any

import pytest

from aggregator.errors import ProviderFailed
from aggregator.proxy.dialects.chat import native as chat
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import Progress
from tests.fakes.chat_world import chat_event
from tests.fakes.translated import decoded
from tests.fakes.translated import streamed as as_chat
from tests.unit.proxy.dialects.surface_world import streamed

JsonObject = dict[str, Any]


def event(said: JsonObject) -> bytes:
    return b"data: " + json.dumps(said).encode() + b"\n\n"


def candidate(*parts: JsonObject, **more: Any) -> JsonObject:
    return {"candidates": [{"index": 0, "content": {"role": "model", "parts": list(parts)}} | more]}


UNUSABLE = [
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
]
THOUGHT = {"text": "hm", "thought": True}


@pytest.mark.parametrize("reason", [*UNUSABLE, "OTHER"])
def test_a_call_that_went_wrong_after_a_thought_is_no_success(reason: str) -> None:
    events = [event(candidate(THOUGHT)), event({"candidates": [{"index": 0, "finishReason": reason}]})]

    with pytest.raises(ProviderFailed):
        list(as_chat("gemini", (events), Progress()))
    with pytest.raises(ProviderFailed):
        decoded("gemini", json.dumps(candidate(THOUGHT, finishReason=reason)).encode(), Progress())


@pytest.mark.parametrize("reason", UNUSABLE)
def test_a_call_that_went_wrong_after_words_is_no_success_either(reason: str) -> None:
    with pytest.raises(ProviderFailed):
        decoded("gemini", json.dumps(candidate({"text": "I look"}, finishReason=reason)).encode(), Progress())


def test_words_that_ended_for_no_known_reason_are_an_answer() -> None:
    said = json.loads(
        decoded("gemini", json.dumps(candidate({"text": "so"}, finishReason="OTHER")).encode(), Progress())
    )

    assert (said["choices"][0]["message"]["content"], said["choices"][0]["finish_reason"]) == ("so", "stop")


PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}]},
    {"type": "text", "text": "4"},
    {"type": "text", "text": "2"},
]


def test_content_in_parts_reaches_chat_clients_as_one_text_and_the_thoughts_beside_it() -> None:
    body = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": PARTS}, "finish_reason": "stop"}]
    }
    progress = Progress()

    said = json.loads(chat.decode(json.dumps(body).encode(), progress))

    assert said["choices"][0]["message"] == {"role": "assistant", "content": "42", "reasoning_content": "hm"}
    assert progress.output_bytes == 4


def test_the_same_in_a_stream() -> None:
    chunks = [
        event({"choices": [{"index": 0, "delta": {"content": [PARTS[0]]}, "finish_reason": None}]}),
        event({"choices": [{"index": 0, "delta": {"content": PARTS[1:]}, "finish_reason": None}]}),
        event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ]

    said = b"".join(chat.stream(iter(chunks), Progress())).decode().split("\n\n")[:-1]

    deltas = [json.loads(each[6:])["choices"][0]["delta"] for each in said]
    assert deltas == [{"content": None, "reasoning_content": "hm"}, {"content": "42"}, {}]


def test_the_seal_of_a_call_comes_before_it_so_that_every_surface_hands_it_back() -> None:
    call = {"functionCall": {"id": "c1", "name": "find", "args": {}}, "thoughtSignature": "SIG-1"}
    chunks = list(
        as_chat("gemini", [event(candidate(call)), event(candidate(finishReason="STOP"))], Progress())
    )
    items = [
        each["item"]
        for each in streamed(RESPONSES, {"model": "mini", "input": "hi"}, *chunks, b"data: [DONE]\n\n")
        if each["type"] == "response.output_item.done"
    ]

    again = RESPONSES.read(
        chat_event({"model": "mini", "input": [{"role": "user", "content": "hi"}, *items]})
    )

    assert [item["type"] for item in items] == ["reasoning", "function_call"]
    turn = again.body["messages"][1]
    assert [detail["data"] for detail in turn["reasoning_details"]] == ["SIG-1"]
    assert turn["tool_calls"][0]["id"] == turn["reasoning_details"][0]["id"] == "c1"


def test_the_seal_of_words_that_comes_after_them_stays_with_them() -> None:
    words = {"text": "so", "thoughtSignature": "SIG-2"}
    chunks = list(
        as_chat("gemini", ([event(candidate(words)), event(candidate(finishReason="STOP"))]), Progress())
    )
    items = [
        each["item"]
        for each in streamed(RESPONSES, {"model": "mini", "input": "hi"}, *chunks, b"data: [DONE]\n\n")
        if each["type"] == "response.output_item.done"
    ]

    again = RESPONSES.read(
        chat_event({"model": "mini", "input": [{"role": "user", "content": "hi"}, *items]})
    )

    assert [message["role"] for message in again.body["messages"]] == ["user", "assistant"]
    assert [detail["data"] for detail in again.body["messages"][1]["reasoning_details"]] == ["SIG-2"]


def test_messages_end_as_the_model_s_window_is_full() -> None:
    chunk = {
        "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "model_context_window_exceeded"}]
    }

    events = streamed(
        MESSAGES, {"model": "mini", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
        event(chunk), b"data: [DONE]\n\n",
    )  # fmt: skip

    assert [each["delta"]["stop_reason"] for each in events if each["type"] == "message_delta"] == [
        "model_context_window_exceeded"
    ]
