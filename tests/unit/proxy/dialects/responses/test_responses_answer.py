"""Answers of the Responses API: parsed by OpenAI's own types, plain and as events."""

import json
from typing import Any

import pytest
from openai.types.responses import Response

from aggregator.errors import ProviderFailed
from aggregator.proxy.dialects.reasoning import packed
from aggregator.proxy.dialects.responses.client import RESPONSES
from tests.fakes.chat_world import (
    REQUEST_ID,
    counted,
)
from tests.unit.proxy.dialects.surface_world import message, plain

JsonObject = dict[str, Any]

ASKED: JsonObject = {"model": "mini", "input": "hi"}
SIGNED = {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1"}
CALLS = [
    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
    {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
]


def answered(**fields: Any) -> JsonObject:
    """The response to a plain answer, proven to be one."""
    said = plain(RESPONSES, ASKED, message(**fields))
    Response.model_validate(said, strict=True)
    return said


def test_words_are_a_message() -> None:
    said = answered(content="hello")

    (item,) = said["output"]
    assert (said["status"], said["object"], said["model"]) == ("completed", "response", "openai-mini")
    assert item["content"] == [{"type": "output_text", "text": "hello", "annotations": [], "logprobs": []}]
    assert (item["type"], item["role"], item["status"]) == ("message", "assistant", "completed")


def test_ids_tell_the_request() -> None:
    said = answered(content="hello")

    assert said["id"] == f"resp_{REQUEST_ID}"
    assert said["output"][0]["id"] == f"msg_{REQUEST_ID}_0"
    assert len(said["output"][0]["id"]) <= 64


def test_calls_are_items_of_their_own() -> None:
    said = answered(content="let me see", tool_calls=CALLS, finish="tool_calls")

    assert [item["type"] for item in said["output"]] == ["message", "function_call", "function_call"]
    assert [item.get("call_id") for item in said["output"]] == [None, "c1", "c2"]
    assert said["output"][1] == {
        "id": f"fc_{REQUEST_ID}_1",
        "type": "function_call",
        "status": "completed",
        "call_id": "c1",
        "name": "f",
        "arguments": '{"a":1}',
    }


def test_a_refusal_is_a_part_of_the_message() -> None:
    said = answered(refusal="no")

    assert said["output"][0]["content"] == [{"type": "refusal", "refusal": "no"}]


def test_reasoning_is_a_summary_and_what_seals_it_comes_along() -> None:
    said = answered(content="hey", reasoning_content="hm", reasoning_details=[SIGNED])

    assert said["output"][0] == {
        "id": f"rs_{REQUEST_ID}_0",
        "type": "reasoning",
        "status": "completed",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": packed([SIGNED]),
    }


def test_what_seals_reasoning_comes_back_with_the_next_request() -> None:
    said = answered(tool_calls=CALLS, reasoning_content="hm", reasoning_details=[SIGNED])
    items = [{"role": "user", "content": "hi"}, *said["output"]]
    outputs = [{"type": "function_call_output", "call_id": each, "output": "1"} for each in ("c1", "c2")]

    ask = RESPONSES.read({"body": json.dumps({"model": "mini", "input": items + outputs})})

    assert ask.body["messages"][1]["reasoning_details"] == [SIGNED]
    assert ask.body["messages"][1]["tool_calls"] == CALLS


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        (None, "completed", None),
    ],
)
def test_an_answer_that_was_cut_off_says_why(finish: str | None, status: str, reason: str | None) -> None:
    said = answered(content="he", finish=finish)

    assert said["status"] == said["output"][0]["status"] == status
    assert said["incomplete_details"] == ({"reason": reason} if reason else None)


def test_usage_is_told_with_its_parts() -> None:
    usage = counted(
        100,
        50,
        prompt_tokens_details={"cached_tokens": 30, "cache_write_tokens": 20},
        completion_tokens_details={"reasoning_tokens": 40},
    )

    assert answered(content="hello", usage=usage)["usage"] == {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 40},
        "total_tokens": 150,
    }


def test_the_answer_repeats_the_request_and_that_nothing_is_stored() -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}
    asked = ASKED | {
        "instructions": "be brief",
        "metadata": {"a": "b"},
        "store": True,
        "temperature": 0.5,
        "tools": [tool],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_object"}},
        "reasoning": {"effort": "low"},
    }

    said = plain(RESPONSES, asked, message(content="{}"))

    Response.model_validate(said, strict=True)
    assert said["store"] is False
    for name in asked.keys() - {"store", "model", "input"}:
        assert said[name] == asked[name]


@pytest.mark.parametrize(
    "choice", [{}, {"message": None}, {"message": {"content": 7, "tool_calls": "x"}}, {"message": []}]
)
def test_a_choice_in_a_wrong_shape_says_nothing(choice: JsonObject) -> None:
    answer = json.dumps({"id": "x", "choices": [choice], "usage": counted(10, 5)}).encode()

    said = plain(RESPONSES, ASKED, answer)

    assert (said["output"], said["status"]) == ([], "completed")


def test_a_failure_before_the_first_byte_keeps_the_one_envelope() -> None:
    body = RESPONSES.refuse(ProviderFailed("The provider failed."), "r1")

    assert body["error"] == {
        "message": "The provider failed.",
        "type": "server_error",
        "param": None,
        "code": "provider_error",
        "request_id": "r1",
    }
    assert RESPONSES.status(ProviderFailed("x")) == 502
