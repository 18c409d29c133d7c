"""Custom tools of a Responses client in front of models that know functions alone."""

import json
from typing import Any

from aggregator.proxy.dialects.responses.client import RESPONSES
from tests.fakes.chat_world import ScriptedResponse, World, chunk
from tests.unit.proxy.dialects.surface_world import call, delta, message, plain, sent, served, streamed

JsonObject = dict[str, Any]

PATCH: JsonObject = {"type": "custom", "name": "apply_patch", "description": "edits files"}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
AS_FUNCTION: JsonObject = {
    "type": "function",
    "function": {
        "name": "apply_patch",
        "parameters": {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]},
        "description": "edits files",
    },
}
ASKED: JsonObject = {"model": "mini", "input": "hi", "tools": [PATCH]}


def called(arguments: str) -> bytes:
    function = {"name": "apply_patch", "arguments": arguments}
    return message(tool_calls=[{"id": "c1", "type": "function", "function": function}], finish="tool_calls")


def upstream(asked: JsonObject) -> JsonObject:
    world = World([ScriptedResponse(message(content="ok"))])
    b"".join(served(RESPONSES, world, asked).chunks)
    return sent(world)


def test_a_custom_tool_is_a_function_with_one_string_and_can_be_chosen() -> None:
    body = upstream(ASKED | {"tool_choice": {"type": "custom", "name": "apply_patch"}})

    assert body["tools"] == [AS_FUNCTION]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "apply_patch"}}


def test_its_grammar_is_told_in_words() -> None:
    function = upstream(ASKED | {"tools": [PATCH | {"format": GRAMMAR}]})["tools"][0]["function"]

    assert function["description"] == (
        "edits files\n\n`input` is one text that fits this grammar (lark):\nstart: WORD"
    )


def test_its_call_comes_back_as_it_was_declared() -> None:
    said = plain(RESPONSES, ASKED, called('{"input":"*** Begin \\"a\\""}'))

    item = said["output"][0]
    assert item.pop("id").startswith("ctc_")
    assert item == {
        "type": "custom_tool_call",
        "status": "completed",
        "call_id": "c1",
        "name": "apply_patch",
        "input": '*** Begin "a"',
    }


def test_arguments_of_another_shape_are_its_input_as_they_came() -> None:
    assert plain(RESPONSES, ASKED, called('{"patch":1}'))["output"][0]["input"] == '{"patch":1}'


def test_in_a_stream_its_input_comes_in_one_piece_once_it_is_whole() -> None:
    events = streamed(
        RESPONSES,
        ASKED,
        delta(tool_calls=[call(0, "", "c1", "apply_patch")]),
        delta(tool_calls=[call(0, '{"input":"a')]),
        delta(tool_calls=[call(0, 'b"}')]),
        delta("tool_calls"),
        chunk(choices=[], usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}),
        b"data: [DONE]\n\n",
    )

    of_input = [
        (event["type"], event.get("delta", event.get("input")))
        for event in events
        if "custom_tool_call_input" in event["type"]
    ]
    assert of_input == [
        ("response.custom_tool_call_input.delta", "ab"),
        ("response.custom_tool_call_input.done", "ab"),
    ]
    assert events[-1]["response"]["output"][0]["input"] == "ab"


def test_an_earlier_call_goes_back_as_a_call_of_the_function_with_its_result() -> None:
    items = [
        {"role": "user", "content": "hi"},
        {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": "*** a"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
    ]

    _, asked, gave = upstream(ASKED | {"input": items})["messages"]

    function = asked["tool_calls"][0]["function"]
    assert (function["name"], json.loads(function["arguments"])) == ("apply_patch", {"input": "*** a"})
    assert gave == {"role": "tool", "tool_call_id": "c1", "content": "done"}


def test_one_that_an_item_brings_is_called_as_it_was_declared_and_in_its_namespace() -> None:
    item = {"type": "additional_tools", "role": "developer", "tools": [
        {"type": "namespace", "name": "functions", "tools": [PATCH]},
        PATCH | {"name": "other", "description": "old"},
    ]}  # fmt: skip
    again = {"type": "additional_tools", "role": "developer", "tools": [PATCH | {"name": "other"}]}
    asked = {"model": "mini", "input": [item, {"role": "user", "content": "hi"}, again]}

    body = upstream(asked)
    said = plain(RESPONSES, asked, called('{"input":"*** Begin"}'))

    assert [each["function"] for each in body["tools"]] == [
        AS_FUNCTION["function"],
        AS_FUNCTION["function"] | {"name": "other"},
    ]
    assert body["messages"] == [{"role": "user", "content": "hi"}]
    (call_item,) = said["output"]
    assert (call_item["type"], call_item["input"], call_item["namespace"]) == (
        "custom_tool_call", "*** Begin", "functions",
    )  # fmt: skip
    assert said["tools"] == []
