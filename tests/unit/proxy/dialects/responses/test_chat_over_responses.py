"""Chat completions on models that take tools over Responses alone: the client sees a chat completion all the same."""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.model import Provider
from aggregator.proxy.dialects import lanes
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import CALLER, ScriptedResponse, World, ask, provider, route, visit

JsonObject = dict[str, Any]

TOOL = {
    "type": "function",
    "function": {
        "name": "find_city",
        "description": "finds it",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}
ABLE = frozenset({"chat", "tools", "reasoning", "vision", "toolsOverResponses"})
USAGE = {
    "input_tokens": 100, "input_tokens_details": {"cached_tokens": 90}, "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 105,
}  # fmt: skip
THOUGHT = {
    "type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "SEALED",
}  # fmt: skip
CALL = {
    "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "find_city", "arguments": '{"name":"Rome"}',
    "status": "completed",
}  # fmt: skip


def openai() -> Provider:
    return provider("openai", dialects=frozenset({"responses"}), house=True)


def world(*blocks: bytes | Exception) -> World:
    return World([ScriptedResponse(*blocks)], [route("openai", provider=openai(), capabilities=ABLE)])


def response(*output: JsonObject, **fields: Any) -> bytes:
    said = {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-5.6",
        "output": list(output), "error": None, "incomplete_details": None, "usage": USAGE,
    }  # fmt: skip
    return json.dumps(said | fields).encode()


def answered(
    *output: JsonObject, fields: JsonObject | None = None, **asked: Any
) -> tuple[JsonObject, JsonObject]:
    """What went out, and the completion that came back."""
    here = world(response(*output, **(fields or {})))
    answer = walk(CALLER, ask(**{"tools": [TOOL]} | asked), visit(here.clock), here.collaborators())
    said = json.loads(b"".join(answer.chunks))
    ChatCompletion.model_validate(said)
    assert here.upstream.requests[0].url == "https://api.openai.example/v1/responses"
    return json.loads(here.upstream.requests[0].body), said


def test_the_whole_request_goes_out_as_responses_has_it() -> None:
    body, _ = answered(
        CALL,
        messages=[
            {"role": "system", "content": "S"},
            {"role": "user", "content": [
                {"type": "text", "text": "look"},
                {"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "low"}},
            ]},
            {"role": "assistant", "content": "so", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "find_city", "arguments": "{}"}}],
             "reasoning_details": [{"type": "reasoning.encrypted", "data": "SEALED", "format": "openai-responses-v1"},
                                   {"type": "reasoning.encrypted", "data": "X", "format": "anthropic-claude-v1"}]},
            {"role": "tool", "tool_call_id": "c1", "content": "done"},
        ],
        tool_choice={"type": "function", "function": {"name": "find_city"}},
        reasoning_effort="low", verbosity="high", parallel_tool_calls=False, max_completion_tokens=50,
        response_format={
            "type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
        },
    )  # fmt: skip

    assert body == {
        "parallel_tool_calls": False,
        "model": "openai-mini",
        "input": [
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "S"}]},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "look"},
                {"type": "input_image", "image_url": "https://x/a.png", "detail": "low"},
            ]},
            {"type": "reasoning", "summary": [], "encrypted_content": "SEALED"},
            {"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": "so", "annotations": []}]},
            {"type": "function_call", "call_id": "c1", "name": "find_city", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "done"},
        ],
        "max_output_tokens": 50,
        "store": False,
        "tools": [{
            "type": "function", "name": "find_city", "description": "finds it", "strict": False,
            "parameters": {"type": "object", "properties": {"name": {"type": "string"}}},
        }],
        "tool_choice": {"type": "function", "name": "find_city"},
        "text": {"verbosity": "high", "format": {
            "type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
        "reasoning": {"effort": "low"},
        "include": ["reasoning.encrypted_content"],
    }  # fmt: skip


def test_a_model_that_is_offered_over_responses_alone_is_asked_there_without_tools_too() -> None:
    alone = frozenset({"chat", "streaming", "onlyResponses"})
    here = World([ScriptedResponse(response(CALL))], [route("openai", provider=openai(), capabilities=alone)])

    walk(CALLER, ask(), visit(here.clock), here.collaborators())

    assert here.upstream.requests[0].url == "https://api.openai.example/v1/responses"


def test_one_that_answers_in_one_piece_alone_refuses_a_stream_by_name() -> None:
    in_one_piece = frozenset({"chat", "onlyResponses"})
    via = route("openai", provider=openai(), capabilities=in_one_piece).via

    lanes.check(ask(), via)
    with pytest.raises(UnsupportedParameter) as refused:
        lanes.check(ask(stream=True), via)

    assert refused.value.param == "stream"


def test_a_call_comes_back_as_a_call_and_the_thought_sealed() -> None:
    _, said = answered(THOUGHT, CALL)

    message = said["choices"][0]["message"]
    assert message["tool_calls"] == [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "find_city", "arguments": '{"name":"Rome"}'},
        }
    ]
    assert message["reasoning_content"] == "hm"
    assert message["reasoning_details"] == [{
        "type": "reasoning.encrypted", "data": "SEALED", "format": "openai-responses-v1", "index": 0, "summary": "hm",
    }]  # fmt: skip
    assert said["choices"][0]["finish_reason"] == "tool_calls"
    assert said["usage"]["prompt_tokens_details"]["cached_tokens"] == 90


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter")]
)
def test_an_answer_that_was_cut_says_why(reason: str, finish: str) -> None:
    words = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}

    _, said = answered(words, fields={"status": "incomplete", "incomplete_details": {"reason": reason}})

    assert (said["choices"][0]["message"]["content"], said["choices"][0]["finish_reason"]) == ("a", finish)


def test_a_custom_tool_is_one_on_both_sides() -> None:
    custom = {"type": "custom", "custom": {"name": "patch", "format": {
        "type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}}}  # fmt: skip
    call = {
        "type": "custom_tool_call",
        "id": "ctc_1",
        "call_id": "call_2",
        "name": "patch",
        "input": "*** Begin",
    }

    body, said = answered(call, tools=[custom])

    assert body["tools"] == [
        {
            "type": "custom",
            "name": "patch",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
        }
    ]
    assert said["choices"][0]["message"]["tool_calls"] == [
        {"id": "call_2", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    ]


@pytest.mark.parametrize("fields", [{"n": 2}, {"stop": ["x"]}, {"seed": 1}, {"logit_bias": {"1": 2}}])
def test_what_responses_has_no_field_for_is_refused_by_name_before_money_is_held(fields: JsonObject) -> None:
    via = route("openai", provider=openai(), capabilities=ABLE).via

    with pytest.raises(UnsupportedParameter) as refused:
        lanes.check(ask(tools=[TOOL], **fields), via)

    assert refused.value.param == next(iter(fields))


def test_a_stream_of_events_becomes_chunks() -> None:
    events: list[JsonObject] = [
        {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5.6"}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "reasoning", "id": "rs_1", "summary": []},
        },
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "hm"},
        {"type": "response.output_item.done", "output_index": 0, "item": THOUGHT},
        {"type": "response.output_item.added", "output_index": 1, "item": CALL | {"arguments": ""}},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"name":'},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '"Rome"}'},
        {"type": "response.output_item.done", "output_index": 1, "item": CALL},
        {"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "usage": USAGE}},
    ]
    here = world(*(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events))

    answer = walk(
        CALLER, ask(tools=[TOOL], stream=True, max_tokens=50), visit(here.clock), here.collaborators()
    )
    said = [line for line in b"".join(answer.chunks).decode().split("\n\n") if line.startswith("data: {")]

    chunks = [ChatCompletionChunk.model_validate_json(line[6:]) for line in said]
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert {(call.index, call.id) for call in calls} == {(0, "call_1"), (0, None)}
    assert "".join(call.function.arguments or "" for call in calls if call.function) == '{"name":"Rome"}'
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    usage = here.receipts[0].usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (100, 90, 5)


def test_a_stream_that_breaks_off_is_told_and_charged_what_came() -> None:
    created = {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5.6"}}
    word = {"type": "response.output_text.delta", "output_index": 0, "delta": "hello"}
    here = world(
        *(f"data: {json.dumps(each)}\n\n".encode() for each in (created, word)), UpstreamError("gone")
    )

    answer = walk(CALLER, ask(tools=[TOOL], stream=True), visit(here.clock), here.collaborators())
    said = b"".join(answer.chunks)

    assert b'"error"' in said
    assert here.receipts[0].outcome == "provider_cut"
    assert here.receipts[0].usage.estimated
