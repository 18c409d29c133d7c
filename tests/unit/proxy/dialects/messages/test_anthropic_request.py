"""A chat completion as it goes to Anthropic, field by field; every body is of the SDK's own type."""

from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.proxy.dialects.words import JSON_ANSWER
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


def test_json_without_a_schema_is_asked_for_in_words() -> None:
    body = sent(response_format={"type": "json_object"})

    assert body["system"] == [{"type": "text", "text": JSON_ANSWER}]
    assert "output_config" not in body


MAP = {
    "type": "object",
    "properties": {"labels": {"type": "object", "additionalProperties": {"type": "string"}}},
    "required": ["labels"],
}


def test_a_map_in_an_answers_schema_is_said_in_words_not_closed() -> None:
    body = sent(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": MAP}})

    assert body["system"] == [
        {
            "type": "text",
            "text": f"{JSON_ANSWER} It fits this JSON schema: "
            '{"type": "object", "properties": {"labels": {"type": "object", '
            '"additionalProperties": {"type": "string"}}},'
            ' "required": ["labels"]}',
        }
    ]
    assert "output_config" not in body


@pytest.mark.parametrize(
    ("labels", "at"),
    [
        ({"type": "object", "additionalProperties": {"type": "string"}}, "additionalProperties"),
        ({"type": "object", "additionalProperties": True}, "additionalProperties"),
        ({"type": "object"}, "additionalProperties"),
        ({"type": "object", "patternProperties": {"^x": {"type": "string"}}}, "patternProperties"),
    ],
)
def test_a_map_in_a_strict_schema_is_refused_by_its_place(labels: JsonObject, at: str) -> None:
    schema = {"type": "object", "properties": {"labels": labels}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    tool = {"type": "function", "function": {"name": "f", "strict": True, "parameters": schema}}

    assert refused(response_format=wanted) == f"response_format.properties.labels.{at}"
    assert refused(tools=[tool]) == f"tools.0.function.parameters.properties.labels.{at}"


def test_a_strict_function_of_nothing_stays_one() -> None:
    body = sent(tools=[{"type": "function", "function": {"name": "f", "strict": True}}])

    assert body["tools"][0]["input_schema"] == {
        "type": "object", "properties": {}, "additionalProperties": False,
    }  # fmt: skip


def test_arguments_that_are_no_json_go_along_in_an_object_and_their_result_says_so() -> None:
    bad = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"name": "Ro'}}
    good = {"id": "c2", "type": "function", "function": {"name": "f", "arguments": '{"name": "Rome"}'}}
    results = [{"role": "tool", "tool_call_id": each, "content": "ok"} for each in ("c1", "c2")]

    turns = sent(messages=[HI, {"role": "assistant", "tool_calls": [bad, good]}, *results])["messages"]

    assert [block["input"] for block in turns[1]["content"]] == [
        {"arguments": '{"name": "Ro'},
        {"name": "Rome"},
    ]
    assert [block["content"][0]["text"] for block in turns[2]["content"]] == [
        "The arguments of this call were no JSON object. ok",
        "ok",
    ]


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


@pytest.mark.parametrize("top_k", [True, "3", -1, 1.5])
def test_a_top_k_that_is_no_count_is_refused_by_name(top_k: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent("claude-sonnet-4-5", top_k=top_k)

    assert refusal.value.param == "top_k"
