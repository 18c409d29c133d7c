"""Answers of the Responses API: parsed by OpenAI's own types, plain and as events."""

import json
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from aggregator.errors import ProviderFailed
from aggregator.proxy.model import UpstreamError
from aggregator.proxy.surfaces.reasoning import packed
from aggregator.proxy.surfaces.responses import RESPONSES
from tests.fakes.chat_world import (
    DONE,
    REQUEST_ID,
    ScriptedResponse,
    World,
    chunk,
    counted,
    usage_event,
)
from tests.unit.proxy.surfaces.surface_world import call, delta, message, plain, served, streamed

JsonObject = dict[str, Any]

ASKED: JsonObject = {"model": "mini", "input": "hi"}
SIGNED = {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1"}
HEY = (chunk("he"), chunk("y", "stop"), usage_event(10, 5), DONE)
CALLS = [
    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
    {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
]

_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def answered(**fields: Any) -> JsonObject:
    """The response to a plain answer, proven to be one."""
    said = plain(RESPONSES, ASKED, message(**fields))
    Response.model_validate(said, strict=True)
    return said


def told(*blocks: bytes | Exception, **asked: Any) -> list[JsonObject]:
    """The events of a stream, proven to be such, numbered from 0."""
    events = streamed(RESPONSES, ASKED | asked, *blocks)
    for event in events:
        _EVENT.validate_python(event, strict=True)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def types(events: list[JsonObject]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


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


def test_a_stream_of_words_tells_every_event_in_its_order() -> None:
    events = told(*HEY)

    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["delta"] for event in events if "delta" in event] == ["he", "y"]
    assert events[6]["text"] == "hey"
    assert events[0]["response"]["status"] == events[1]["response"]["status"] == "in_progress"
    assert events[0]["response"]["output"] == []
    assert events[2]["item"]["content"] == []


def test_the_last_event_has_the_usage_and_the_receipt() -> None:
    usage = told(*HEY)[-1]["response"]["usage"]

    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (10, 5, 15)
    assert (usage["cost_usd"], usage["request_id"]) == ("0.00000002", REQUEST_ID)


def test_a_stream_of_calls_tells_their_arguments() -> None:
    events = told(
        delta(tool_calls=[call(0, "", "c1", "f")]),
        delta(tool_calls=[call(0, '{"a":')]),
        delta(tool_calls=[call(0, "1}")]),
        delta(tool_calls=[call(1, "{}", "c2", "g")]),
        delta(finish="tool_calls"),
        DONE,
    )

    assert types(events)[2:-1] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert [event["output_index"] for event in events[2:-1]] == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert events[5]["arguments"] == '{"a":1}'


def test_a_stream_of_reasoning_is_a_summary_that_grows() -> None:
    events = told(delta(reasoning_content="h"), delta(reasoning_content="m"), *HEY)

    assert types(events)[2:8] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
    ]
    assert events[6]["text"] == "hm"
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["reasoning", "message"]


def test_a_refusal_after_words_is_a_part_of_its_own() -> None:
    events = told(chunk("well"), delta(refusal="no"), delta(finish="stop"), DONE)

    assert types(events)[3:11] == [
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
    ]
    assert [event["content_index"] for event in events[3:11]] == [0, 0, 0, 0, 1, 1, 1, 1]


def test_probabilities_come_with_their_words() -> None:
    logprob = {"token": "he", "logprob": -0.1, "bytes": [104, 101], "top_logprobs": []}
    words = chunk(
        choices=[{"index": 0, "delta": {"content": "he"}, "logprobs": {"content": [logprob]}}],
    )

    events = told(words, delta(finish="stop"), DONE, include=["message.output_text.logprobs"])

    assert events[4]["logprobs"] == events[5]["logprobs"] == [logprob]
    assert events[-1]["response"]["output"][0]["content"][0]["logprobs"] == [logprob]


def test_an_answer_that_was_cut_off_ends_its_stream_as_incomplete() -> None:
    events = told(chunk("he", "length"), usage_event(10, 5), DONE)

    assert types(events)[-2:] == ["output_item.done", "incomplete"]
    assert events[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


def test_a_stream_that_breaks_off_ends_as_failed() -> None:
    events = told(chunk("he"), UpstreamError("reset"))

    assert types(events)[-3:] == ["output_item.done", "error", "failed"]
    assert events[-2]["code"] == "provider_error"
    assert events[-1]["response"]["status"] == "failed"
    assert events[-1]["response"]["error"] == {
        "code": "server_error",
        "message": "The provider ended the stream too early.",
    }
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == "he"


def test_an_event_that_nobody_can_read_ends_the_stream_as_failed() -> None:
    events = told(chunk("he"), b"data: {broken\n\n", chunk("y", "stop"), usage_event(10, 5), DONE)

    assert types(events)[-1] == "failed"
    assert [event["delta"] for event in events if "delta" in event] == ["he"]


def test_what_follows_an_unreadable_event_is_read_to_its_end_and_charged() -> None:
    world = World(
        [ScriptedResponse(chunk("he"), b"data: {broken\n\n", chunk("y", "stop"), usage_event(), DONE)]
    )

    answer = served(RESPONSES, world, ASKED | {"stream": True})
    b"".join(answer.chunks)

    assert world.steps[-1] == "emit completed"
    assert world.receipts[0].cost_nano_usd == 20


def test_an_answer_without_a_word_is_complete_all_the_same() -> None:
    events = told(delta(finish="stop"), usage_event(10, 5), DONE)

    assert types(events) == ["created", "in_progress", "completed"]


@pytest.mark.parametrize(
    "choice", [{}, {"message": None}, {"message": {"content": 7, "tool_calls": "x"}}, {"message": []}]
)
def test_a_choice_in_a_wrong_shape_says_nothing(choice: JsonObject) -> None:
    answer = json.dumps({"id": "x", "choices": [choice], "usage": counted(10, 5)}).encode()

    said = plain(RESPONSES, ASKED, answer)

    assert (said["output"], said["status"]) == ([], "completed")


def test_events_go_out_as_they_come() -> None:
    world = World([ScriptedResponse(*HEY)])

    chunks = iter(served(RESPONSES, world, ASKED | {"stream": True}).chunks)
    first = next(chunks)

    assert b'"delta":"he"' in first
    assert world.steps == ["route", "reserve", "call"]


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
