"""Answers of the Messages API: parsed by Anthropic's own types, plain and as events."""

import json
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.reasoning import packed
from aggregator.proxy.exchange import UpstreamError
from tests.fakes.chat_world import (
    DONE,
    REQUEST_ID,
    ScriptedResponse,
    World,
    chunk,
    counted,
    usage_event,
)
from tests.unit.proxy.dialects.surface_world import call, delta, message, plain, served, streamed

JsonObject = dict[str, Any]

ASKED: JsonObject = {"model": "mini", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
SIGNED = {"type": "reasoning.text", "text": "hm", "signature": "sig", "format": "anthropic-claude-v1"}
HIDDEN = {"type": "reasoning.encrypted", "data": "xyz", "format": "anthropic-claude-v1"}
HEY = (chunk("he"), chunk("y", "stop"), usage_event(10, 5), DONE)
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}

_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def answered(**fields: Any) -> JsonObject:
    """The message of a plain answer, proven to be one."""
    said = plain(MESSAGES, ASKED, message(**fields))
    Message.model_validate(said, strict=True)
    return said


def told(*blocks: bytes | Exception) -> list[JsonObject]:
    """The events of a stream, proven to be such."""
    events = streamed(MESSAGES, ASKED, *blocks)
    for event in events:
        if event["type"] not in ("ping", "error"):
            _EVENT.validate_python(event, strict=True)
    return events


def types(events: list[JsonObject]) -> list[str]:
    return [event["type"] for event in events]


def test_words_are_a_block_of_text() -> None:
    said = answered(content="hello")

    assert said == {
        "id": f"msg_{REQUEST_ID}",
        "type": "message",
        "role": "assistant",
        "model": "openai-mini",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 5,
            "output_tokens_details": {"thinking_tokens": 0},
        },
    }


def test_calls_are_blocks_with_their_input_read() -> None:
    said = answered(content="let me see", tool_calls=[CALL], finish="tool_calls")

    assert said["content"] == [
        {"type": "text", "text": "let me see"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
    ]
    assert said["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("arguments", "given"), [("", {}), ("{", {"arguments": "{"}), ("[1]", {"arguments": "[1]"})]
)
def test_input_that_is_no_object_is_told_as_it_came(arguments: str, given: JsonObject) -> None:
    broken = CALL | {"function": {"name": "f", "arguments": arguments}}

    assert answered(tool_calls=[broken])["content"][0]["input"] == given


def test_thinking_comes_with_its_signature() -> None:
    said = answered(content="hey", reasoning_content="hm", reasoning_details=[SIGNED, HIDDEN])

    assert said["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "hey"},
    ]


def test_reasoning_that_nobody_signed_is_thinking_with_an_empty_signature() -> None:
    assert answered(content="hey", reasoning_content="hm")["content"][0] == {
        "type": "thinking",
        "thinking": "hm",
        "signature": "",
    }


def test_what_another_provider_seals_is_packed_and_comes_back_as_it_was() -> None:
    sealed = {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "google-gemini-v1"}
    hidden = {"type": "reasoning.encrypted", "data": "d", "format": "google-gemini-v1", "index": 1}

    said = answered(tool_calls=[CALL], reasoning_content="hm", reasoning_details=[sealed, hidden])
    turns = [*ASKED["messages"], {"role": "assistant", "content": said["content"]}]
    ask = MESSAGES.read({"body": json.dumps(ASKED | {"messages": turns})})

    assert said["content"][1] == {"type": "redacted_thinking", "data": packed(hidden)}
    assert ask.body["messages"][1]["reasoning_details"] == [
        {name: sealed[name] for name in ("type", "signature", "format", "text")},
        hidden,
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"finish": "stop"}, "end_turn"),
        ({"finish": "length"}, "max_tokens"),
        ({"finish": "content_filter"}, "refusal"),
        ({"finish": None}, "end_turn"),
        ({"finish": "tool_calls", "tool_calls": [CALL]}, "tool_use"),
        ({"finish": "stop", "tool_calls": [CALL]}, "tool_use"),
        ({"finish": "length", "tool_calls": [CALL]}, "max_tokens"),
        ({"finish": "stop", "refusal": "no", "content": None}, "refusal"),
    ],
)
def test_why_it_stopped_has_another_name(fields: JsonObject, reason: str) -> None:
    assert answered(**({"content": "x"} | fields))["stop_reason"] == reason


def test_the_text_at_which_it_stopped_is_told_if_the_provider_says_it() -> None:
    said = json.loads(message(content="a"))
    said["choices"][0]["stop_reason"] = "END"
    asked = ASKED | {"stop_sequences": ["END"]}

    answer = plain(MESSAGES, asked, json.dumps(said).encode())

    assert (answer["stop_reason"], answer["stop_sequence"]) == ("stop_sequence", "END")


def test_what_was_cached_is_no_part_of_the_input() -> None:
    usage = counted(
        100,
        50,
        prompt_tokens_details={"cached_tokens": 30, "cache_write_tokens": 20},
        completion_tokens_details={"reasoning_tokens": 40},
    )

    assert answered(content="x", usage=usage)["usage"] == {
        "input_tokens": 50,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 30,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 40},
    }


def test_a_stream_of_words_tells_every_event_in_its_order() -> None:
    events = told(*HEY)

    assert types(events) == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert events[0]["message"]["content"] == []
    assert [event["delta"]["text"] for event in events[3:5]] == ["he", "y"]
    assert events[6]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}


def test_the_end_of_a_stream_has_the_usage_and_the_receipt() -> None:
    usage = told(*HEY)[-2]["usage"]

    assert (usage["input_tokens"], usage["output_tokens"]) == (10, 5)
    assert (usage["cost_usd"], usage["request_id"]) == ("0.00000002", REQUEST_ID)


def test_the_beginning_of_a_stream_estimates_the_input() -> None:
    assert told(*HEY)[0]["message"]["usage"] == {"input_tokens": 10, "output_tokens": 0}


def test_blocks_come_one_after_the_other() -> None:
    events = told(
        delta(reasoning_content="hm"),
        delta(reasoning_details=[SIGNED]),
        chunk("let me see"),
        delta(tool_calls=[call(0, "{", "c1", "f")]),
        delta(tool_calls=[call(1, "{}", "c2", "g")]),
        delta(tool_calls=[call(0, "}")]),
        delta(finish="tool_calls"),
        usage_event(10, 5),
        DONE,
    )

    started = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    deltas = [(event["index"], event["delta"]) for event in events if event["type"] == "content_block_delta"]
    assert started == [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "text", "text": ""},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        {"type": "tool_use", "id": "c2", "name": "g", "input": {}},
    ]
    assert deltas == [
        (0, {"type": "thinking_delta", "thinking": "hm"}),
        (0, {"type": "signature_delta", "signature": "sig"}),
        (1, {"type": "text_delta", "text": "let me see"}),
        (2, {"type": "input_json_delta", "partial_json": "{"}),
        (2, {"type": "input_json_delta", "partial_json": "}"}),
        (3, {"type": "input_json_delta", "partial_json": "{}"}),
    ]


def test_heartbeats_become_pings() -> None:
    events = told(chunk("he"), b": alive\n\n", chunk("y", "stop"), usage_event(10, 5), DONE)

    assert types(events).count("ping") == 2


@pytest.mark.parametrize(
    ("broken", "kind"),
    [(UpstreamError("reset"), "api_error"), (UpstreamError("late", timed_out=True), "timeout_error")],
)
def test_a_stream_that_breaks_off_ends_in_an_error(broken: UpstreamError, kind: str) -> None:
    events = told(chunk("he"), broken)

    assert types(events)[-1] == "error"
    assert events[-1]["error"]["type"] == kind
    assert events[-1]["request_id"] == REQUEST_ID


def test_the_answer_names_the_request_and_its_cost() -> None:
    world = World([ScriptedResponse(message(content="hello"))])

    answer = served(MESSAGES, world, ASKED)

    assert answer.headers["x-request-id"] == REQUEST_ID
    assert answer.headers["x-aggregator-cost-usd"] == "0.00000002"
