"""A chat completion as it goes to Gemini, field by field; every body is of the SDK's own types."""

from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_world import WEATHER, Native
from tests.unit.proxy.dialects.native_world import sent_to_gemini as sent

HI = {"role": "user", "content": "hi"}
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer", "minimum": 1}}, "required": ["age"]}


def refused(model: str = "gemini-3.8-flash", **fields: Any) -> str | None:
    with pytest.raises(UnsupportedParameter) as refusal:
        sent(model, **fields)
    return refusal.value.param


def config(model: str = "gemini-3.8-flash", **fields: Any) -> JsonObject:
    found: JsonObject = sent(model, **fields)["generationConfig"]
    return found


def test_a_request_goes_to_the_models_own_address_with_the_key_and_the_cap() -> None:
    native = Native("gemini", "gemini-3.8-flash", 42)

    request = native.request("AIza-1")

    assert request.url == (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent"
    )
    assert request.headers["x-goog-api-key"] == "AIza-1"
    assert "Authorization" not in request.headers
    assert "AIza-1" not in request.url
    assert request.first_byte_seconds == 600
    assert sent(output_tokens=42) == {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "generationConfig": {"maxOutputTokens": 42},
    }


def test_a_stream_has_an_address_of_its_own() -> None:
    request = Native("gemini", "gemini-2.5-pro").request(stream=True)

    assert request.url.endswith("/models/gemini-2.5-pro:streamGenerateContent?alt=sse")
    assert request.headers["Accept"] == "text/event-stream"


def test_functions_keep_their_json_schema() -> None:
    body = sent(tools=[WEATHER, {"type": "function", "function": {"name": "now"}}])

    assert body["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "description": "Weather of a city",
                    "parametersJsonSchema": WEATHER["function"]["parameters"],
                },
                {"name": "now"},
            ]
        }
    ]
    assert "toolConfig" not in body


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"tool_choice": "none"}, {"mode": "NONE"}),
        ({"tool_choice": "required"}, {"mode": "ANY"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
            {"mode": "ANY", "allowedFunctionNames": ["weather"]},
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "weather", "strict": True}}]},
            {"mode": "VALIDATED"},
        ),
    ],
)
def test_each_choice_of_functions_has_its_mode(fields: JsonObject, wanted: JsonObject) -> None:
    asked: JsonObject = {"tools": [WEATHER]} | fields

    assert sent(**asked)["toolConfig"] == {"functionCallingConfig": wanted}


def test_json_comes_with_a_schema_or_without() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA}}

    assert config(response_format={"type": "json_object"})["responseMimeType"] == "application/json"
    assert config(response_format=schema) == {
        "maxOutputTokens": 4096,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }
    assert config(response_format={"type": "text"}) == {"maxOutputTokens": 4096}
    assert refused(response_format={"type": "grammar"}) == "response_format.type"


def test_numbers_go_under_geminis_names() -> None:
    assert config(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        n=2,
        seed=7,
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        stop=["a"],
        logprobs=True,
        top_logprobs=3,
    ) == {
        "maxOutputTokens": 4096,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "candidateCount": 2,
        "seed": 7,
        "presencePenalty": 0.5,
        "frequencyPenalty": -0.5,
        "stopSequences": ["a"],
        "responseLogprobs": True,
        "logprobs": 3,
    }


def test_numbers_that_ask_for_nothing_are_not_sent() -> None:
    fields: JsonObject = {
        "n": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "logprobs": False,
        "user": "ann",
    }

    assert config(**fields) == {"maxOutputTokens": 4096}
    assert config(temperature=0) == {"maxOutputTokens": 4096, "temperature": 0}


def test_top_logprobs_alone_are_refused() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent(top_logprobs=2)

    assert refusal.value.param == "top_logprobs"


@pytest.mark.parametrize(
    "fields",
    [
        {"logit_bias": {"1": 5}},
        {"store": True},
        {"thinking": {}},
    ],
)
def test_fields_that_gemini_does_not_have_are_refused_by_name(fields: JsonObject) -> None:
    assert refused(**fields) == next(iter(fields))


@pytest.mark.parametrize(
    ("model", "effort", "wanted"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-flash", "minimal", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-pro", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-flash-lite", "medium", {"thinkingBudget": 8192, "includeThoughts": True}),
        ("gemini-2.5-pro", "high", {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-3-flash-preview", "none", {"thinkingLevel": "MINIMAL", "includeThoughts": False}),
        ("gemini-3.6-flash", "minimal", {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-3.8-flash", "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "low", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-2.5-flash", "xhigh", {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-3.8-flash", "max", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-4-argon", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-4-argon", "xhigh", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("some-new-model", "high", {"thinkingLevel": "HIGH", "includeThoughts": True}),
    ],
)
def test_an_effort_is_a_budget_on_2_5_and_a_level_after(model: str, effort: str, wanted: JsonObject) -> None:
    assert config(model, reasoning_effort=effort)["thinkingConfig"] == wanted


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("gemini-2.5-pro", "none"),
        ("gemini-3.8-flash", "none"),
        ("gemini-3.1-pro-preview", "none"),
        ("gemini-4-argon", "extreme"),
    ],
)
def test_an_effort_that_a_model_does_not_have_is_refused(model: str, effort: str) -> None:
    assert refused(model, reasoning_effort=effort) == "reasoning_effort"


def test_one_call_at_a_time_is_asked_for_in_words() -> None:
    without = sent(parallel_tool_calls=False)
    body = sent(parallel_tool_calls=False, tools=[WEATHER])

    assert "systemInstruction" not in without
    assert body["systemInstruction"] == {
        "parts": [
            {"text": "Call at most one tool at a time, and wait for its result before you call another."}
        ]
    }


def test_arguments_that_are_no_json_go_along_in_an_object() -> None:
    bad = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "[1]"}}
    result = {"role": "tool", "tool_call_id": "c1", "content": "ok"}

    contents = sent(
        messages=[{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [bad]}, result]
    )["contents"]

    assert contents[1]["parts"][0]["functionCall"]["args"] == {"arguments": "[1]"}
    assert contents[2]["parts"][0]["functionResponse"]["response"] == {
        "output": "The arguments of this call were no JSON object. ok"
    }


@pytest.mark.parametrize("top_k", [True, "3", -1, 1.5])
def test_a_top_k_that_is_no_count_is_refused_by_name(top_k: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent(top_k=top_k)

    assert refusal.value.param == "top_k"
