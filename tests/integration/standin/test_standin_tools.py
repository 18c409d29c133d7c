"""The tools that the stand-in calls, and the schemas that it fills."""

import json
from typing import Any

import pytest

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "kelvin"]}},
            "required": ["city", "unit"],
        },
    },
}
TIME = {"type": "function", "function": {"name": "get_time"}}


def test_a_tool_is_called_with_arguments_its_schema_accepts(chat: Any) -> None:
    choice = chat("How warm is it?", tools=[WEATHER, TIME]).json["choices"][0]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    [call] = choice["message"]["tool_calls"]
    assert call["type"] == "function"
    assert call["function"] == {"name": "get_weather", "arguments": '{"city":"city","unit":"celsius"}'}


@pytest.mark.parametrize(
    ("text", "fields", "called"),
    [
        ("go", {"tool_choice": "required"}, ["get_weather"]),
        ("go", {"tool_choice": {"type": "function", "function": {"name": "get_time"}}}, ["get_time"]),
        ("use get_time", {}, ["get_time"]),
        ("use get_time and get_weather", {}, ["get_weather", "get_time"]),
        ("tell me both", {}, ["get_weather", "get_time"]),
        ("in parallel", {"parallel_tool_calls": True}, ["get_weather", "get_time"]),
        ("in parallel", {"parallel_tool_calls": False}, ["get_weather"]),
        ("go", {"tool_choice": "none"}, []),
    ],
)
def test_the_request_says_which_tools_are_called(
    chat: Any, text: str, fields: dict[str, Any], called: list[str]
) -> None:
    message = chat(text, tools=[WEATHER, TIME], **fields).json["choices"][0]["message"]

    assert [call["function"]["name"] for call in message.get("tool_calls", [])] == called


def test_streamed_tool_calls_come_in_pieces_by_index(chat: Any) -> None:
    chunks = chat("both", tools=[WEATHER, TIME], stream=True).events

    deltas = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    opening = [delta for delta in deltas if "id" in delta]
    arguments = [
        "".join(d["function"]["arguments"] for d in deltas if d["index"] == index) for index in (0, 1)
    ]
    assert [(delta["index"], delta["function"]["name"]) for delta in opening] == [
        (0, "get_weather"),
        (1, "get_time"),
    ]
    assert opening[0]["id"] != opening[1]["id"]
    assert arguments == ['{"city":"city","unit":"celsius"}', "{}"]
    assert len(deltas) > 10
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_custom_tool_gets_text(chat: Any) -> None:
    choice = chat("run", tools=[{"type": "custom", "custom": {"name": "shell"}}]).json["choices"][0]

    assert choice["message"]["tool_calls"][0]["custom"] == {"name": "shell", "input": "run"}


def test_a_json_schema_is_filled(chat: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"age": {"type": "integer", "minimum": 18}},
        "required": ["age"],
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}

    plain = chat(response_format=wanted).json["choices"][0]["message"]["content"]
    chunks = chat(response_format=wanted, stream=True).events

    assert plain == '{"age": 18}'
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == '{"age": 18}'


def test_a_json_object_holds_the_answer(chat: Any) -> None:
    content = chat("hi", response_format={"type": "json_object"}).json["choices"][0]["message"]["content"]

    assert json.loads(content) == {"answer": 'You said "hi", and this is my answer: everything works.'}
