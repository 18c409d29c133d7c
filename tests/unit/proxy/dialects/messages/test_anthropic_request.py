"""A chat completion as it goes to Anthropic, field by field; every body is of the SDK's own type."""

from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_world import WEATHER, Native, called
from tests.unit.proxy.dialects.native_world import sent_to_anthropic as sent

HI = {"role": "user", "content": "hi"}
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer", "minimum": 1}}, "required": ["age"]}


def refused(model: str = "claude-opus-5-5", **fields: Any) -> str | None:
    with pytest.raises(UnsupportedParameter) as refusal:
        sent(model, **fields)
    return refusal.value.param


def test_a_request_goes_to_messages_with_the_key_the_version_and_the_cap() -> None:
    request = Native("anthropic", "claude-opus-5-5", 42).request("sk-ant-1")

    assert request.url == "https://api.anthropic.com/v1/messages"
    assert request.headers["x-api-key"] == "sk-ant-1"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "Authorization" not in request.headers
    assert request.first_byte_seconds == 600
    assert sent(output_tokens=42) == {
        "model": "claude-opus-5-5",
        "max_tokens": 42,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }


def test_a_stream_is_asked_for_without_openais_own_options() -> None:
    body = sent(stream=True, stream_options={"include_usage": True})

    assert body["stream"] is True
    assert "stream_options" not in body


def test_tools_keep_their_schema_and_strict_ones_are_closed() -> None:
    strict = {"type": "function", "function": {**WEATHER["function"], "strict": True}}
    bare = {"type": "function", "function": {"name": "now"}}

    body = sent(tools=[WEATHER, strict, bare])

    assert body["tools"] == [
        {
            "name": "weather",
            "description": "Weather of a city",
            "input_schema": WEATHER["function"]["parameters"],
        },
        {
            "name": "weather",
            "description": "Weather of a city",
            "strict": True,
            "input_schema": {
                "type": "object",
                "properties": {"city": {"type": "string", "description": "{minLength: 1}"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
            {"type": "tool", "name": "weather"},
        ),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"tool_choice": "required", "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_each_choice_of_tools_has_its_form(fields: JsonObject, wanted: JsonObject) -> None:
    assert sent("claude-haiku-4-5", tools=[WEATHER], **fields)["tool_choice"] == wanted


def test_a_forced_tool_where_there_are_no_tools_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent(tool_choice="required")

    assert refusal.value.param == "tool_choice"


def test_a_schema_goes_as_native_structured_output_beside_the_effort() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": SCHEMA}}

    body = sent(response_format=wanted, reasoning_effort="low")

    assert body["output_config"] == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"age": {"type": "integer", "description": "{minimum: 1}"}},
                "required": ["age"],
                "additionalProperties": False,
            },
        },
    }


def test_json_without_a_schema_is_refused_by_name() -> None:
    assert refused(response_format={"type": "json_object"}) == "response_format.type"


def test_stops_and_the_users_id_go_along() -> None:
    body = sent(stop=["a", "b"], user="ann", metadata={"team": "x"})

    assert body["stop_sequences"] == ["a", "b"]
    assert body["metadata"] == {"user_id": "ann"}
    assert sent(stop="a")["stop_sequences"] == ["a"]


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 2},
        {"seed": 5},
        {"logprobs": True},
        {"top_logprobs": 2},
        {"logit_bias": {"50256": -100}},
        {"presence_penalty": 0.5},
        {"frequency_penalty": -0.5},
        {"store": True},
        {"speed": "fast"},
        {"service_tier": "flex"},
    ],
)
def test_fields_that_anthropic_does_not_have_are_refused_by_name(fields: JsonObject) -> None:
    assert refused(**fields) == next(iter(fields))


def test_fields_that_ask_for_nothing_are_let_through_and_not_sent() -> None:
    body = sent(
        n=1, logprobs=False, presence_penalty=0, frequency_penalty=0, seed=None, temperature=1, top_p=1
    )

    assert set(body) == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"tools": ["weather"]}, "tools.0"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools.0.function.name"),
        ({"messages": [HI, {"role": "tool", "content": "x"}]}, "messages.1.tool_call_id"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [called() | {"function": {"name": "f"}}, 5]}]},
            "messages.0.tool_calls.1",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "[1"}}],
                    }
                ]
            },
            "messages.0.tool_calls.0.function.arguments",
        ),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"stop": [1]}, "stop"),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:a/b,x"}}]}
                ]
            },
            "messages.0.content.0.file.file_data",
        ),
    ],
)
def test_wrong_shapes_are_refused_by_their_place(fields: JsonObject, place: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent(**fields)

    assert refusal.value.param == place


def test_a_schema_nested_without_end_is_refused() -> None:
    schema: JsonObject = {}
    for _ in range(900):
        schema = {"items": schema}
    strict = {"type": "function", "function": {"name": "f", "parameters": schema, "strict": True}}

    with pytest.raises(InvalidRequest):
        sent(tools=[strict])
