"""Streams of the Responses API: every event parsed by OpenAI's own types, numbered, in its order."""

from typing import Any

from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import UpstreamError
from tests.fakes.chat_world import (
    DONE,
    REQUEST_ID,
    ScriptedResponse,
    World,
    chunk,
    usage_event,
)
from tests.unit.proxy.dialects.surface_world import call, delta, served, streamed

JsonObject = dict[str, Any]

ASKED: JsonObject = {"model": "mini", "input": "hi"}
HEY = (chunk("he"), chunk("y", "stop"), usage_event(10, 5), DONE)

_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def told(*blocks: bytes | Exception, **asked: Any) -> list[JsonObject]:
    """The events of a stream, proven to be such, numbered from 0."""
    events = streamed(RESPONSES, ASKED | asked, *blocks)
    for event in events:
        _EVENT.validate_python(event, strict=True)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def types(events: list[JsonObject]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


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


def test_an_unreadable_event_ends_the_stream_and_what_came_is_charged() -> None:
    world = World(
        [ScriptedResponse(chunk("he"), b"data: {broken\n\n", chunk("y", "stop"), usage_event(), DONE)]
    )

    answer = served(RESPONSES, world, ASKED | {"stream": True})
    b"".join(answer.chunks)

    assert world.steps[-1] == "emit provider_cut"
    assert world.receipts[0].usage.estimated
    assert world.receipts[0].usage.output_tokens == 1


def test_an_answer_without_a_word_is_complete_all_the_same() -> None:
    events = told(delta(finish="stop"), usage_event(10, 5), DONE)

    assert types(events) == ["created", "in_progress", "completed"]


def test_events_go_out_as_they_come() -> None:
    world = World([ScriptedResponse(*HEY)])

    chunks = iter(served(RESPONSES, world, ASKED | {"stream": True}).chunks)
    first = next(chunks)

    assert b'"delta":"he"' in first
    assert world.steps == ["route", "reserve", "call"]
