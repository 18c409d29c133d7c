"""What goes out to Converse: each field of a chat where it belongs, and refused by name where it has no place."""

import json
from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.proxy.dialects.converse import provider as bedrock
from tests.fakes.bedrock_requests import HISTORY, WEATHER, refused, sent
from tests.fakes.bedrock_wire import CLAUDE, LLAMA, NOVA, bedrock_way
from tests.fakes.chat_world import ask

JsonObject = dict[str, Any]

OPUS_5_5 = "global.anthropic.claude-opus-5-5"
OPUS_4_6 = "global.anthropic.claude-opus-4-6-v1"
HAIKU_5_5 = "global.anthropic.claude-haiku-5-5"
NOVA_2 = "global.amazon.nova-2-lite-v1:0"
QWEN = "qwen.qwen3-32b-v1:0"
DEEPSEEK = "deepseek.v3.2"

SPEC: JsonObject = {
    "toolSpec": {
        "name": "weather",
        "description": "Weather of a city",
        "inputSchema": {
            "json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        },
    }
}
SCHEMA: JsonObject = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
IN_SCHEMA: JsonObject = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def test_a_plain_question_goes_out_with_the_cap_that_is_paid_for() -> None:
    body = sent(output_tokens=77, max_tokens=500)

    assert body == {
        "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 77},
    }


def test_a_stream_goes_to_its_own_address_and_says_nothing_of_it_in_the_body() -> None:
    request = bedrock.encode(ask(stream=True), bedrock_way(NOVA), None)

    assert request.url == (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse-stream"
    )
    assert "stream" not in json.loads(request.body)
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")


def test_an_api_key_of_bedrock_takes_the_roles_place() -> None:
    request = bedrock.encode(ask(), bedrock_way(), "bedrock-api-key-1")

    assert request.headers["authorization"] == "Bearer bedrock-api-key-1"
    assert "x-amz-date" not in request.headers


def test_sampling_and_stops_go_into_the_inference_config() -> None:
    body = sent(NOVA, temperature=0.5, top_p=0.9, stop=["END", "STOP"])
    one_stop = sent(NOVA, stop="END")

    assert body["inferenceConfig"] == {
        "maxTokens": 2_000,
        "temperature": 0.5,
        "topP": 0.9,
        "stopSequences": ["END", "STOP"],
    }
    assert one_stop["inferenceConfig"]["stopSequences"] == ["END"]


def test_fields_that_ask_for_nothing_or_only_label_a_request_are_left_out() -> None:
    body = sent(
        n=1,
        logprobs=False,
        frequency_penalty=0,
        store=False,
        service_tier="auto",
        user="u-1",
        metadata={"team": "a"},
        response_format={"type": "text"},
        tool_choice="none",
        parallel_tool_calls=True,
        seed=None,
    )

    assert body.keys() == {"messages", "inferenceConfig"}


def test_tools_and_the_choice_among_them_go_into_the_tool_config() -> None:
    auto = sent(tools=[WEATHER])
    required = sent(tools=[WEATHER], tool_choice="required")
    named = sent(tools=[WEATHER], tool_choice={"type": "function", "function": {"name": "weather"}})

    assert auto["toolConfig"] == {"tools": [SPEC]}
    assert required["toolConfig"] == {"tools": [SPEC], "toolChoice": {"any": {}}}
    assert named["toolConfig"] == {"tools": [SPEC], "toolChoice": {"tool": {"name": "weather"}}}


def test_a_tool_without_parameters_has_an_empty_schema() -> None:
    body = sent(NOVA, tools=[{"type": "function", "function": {"name": "now"}}])

    assert body["toolConfig"]["tools"] == [
        {"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}}
    ]


def test_a_strict_tool_is_strict_and_its_schema_closed() -> None:
    body = sent(tools=[{"type": "function", "function": {**WEATHER["function"], "strict": True}}])

    spec = body["toolConfig"]["tools"][0]["toolSpec"]
    assert spec["strict"] is True
    assert spec["inputSchema"]["json"]["additionalProperties"] is False


def test_one_tool_at_a_time_is_told_to_claude_itself() -> None:
    auto = sent(tools=[WEATHER], parallel_tool_calls=False)
    required = sent(tools=[WEATHER], parallel_tool_calls=False, tool_choice="required")

    assert auto["additionalModelRequestFields"] == {
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}
    }
    assert required["additionalModelRequestFields"] == {"tool_choice": {"disable_parallel_tool_use": True}}
    assert required["toolConfig"]["toolChoice"] == {"any": {}}


def test_tools_that_must_not_be_used_stay_at_home_unless_the_history_used_them() -> None:
    without = sent(NOVA, tools=[WEATHER], tool_choice="none")
    with_history = sent(tools=[WEATHER], tool_choice="none", messages=HISTORY)

    assert "toolConfig" not in without
    assert with_history["toolConfig"] == {"tools": [SPEC]}
    assert with_history["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}


def test_tools_of_the_history_are_told_to_claude_though_they_are_not_offered_again() -> None:
    body = sent(messages=HISTORY)

    spec = {"name": "weather", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    assert body["toolConfig"] == {"tools": [{"toolSpec": spec}]}
    assert body["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}


def test_an_answer_in_a_schema_is_asked_for_natively_where_the_model_can() -> None:
    claude = sent(response_format=IN_SCHEMA)
    qwen = sent(QWEN, response_format=IN_SCHEMA)

    written = claude["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert written["name"] == "answer"
    assert json.loads(written["schema"]) == {**SCHEMA, "additionalProperties": False}
    assert qwen["outputConfig"] == {
        "textFormat": {
            "type": "json_schema",
            "structure": {
                "jsonSchema": {
                    "name": "answer",
                    "schema": '{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}',
                }
            },
        }
    }


def test_an_answer_in_a_schema_is_a_tool_that_must_be_called_where_the_model_cannot() -> None:
    body = sent(NOVA, response_format=IN_SCHEMA)

    assert body["toolConfig"]["toolChoice"] == {"tool": {"name": "aggregator_json_answer"}}
    assert body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    assert "outputConfig" not in body


@pytest.mark.parametrize(
    ("model", "effort", "fields"),
    [
        (CLAUDE, "low", {"thinking": {"type": "enabled", "budget_tokens": 1500}}),
        (
            OPUS_4_6,
            "high",
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}},
        ),
        (HAIKU_5_5, "none", {"thinking": {"type": "disabled"}}),
        (NOVA_2, "medium", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}}),
        (NOVA_2, "minimal", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
        (NOVA_2, "none", {"reasoningConfig": {"type": "disabled"}}),
        (DEEPSEEK, "high", {"reasoning_effort": "high"}),
        (LLAMA, "none", None),
    ],
)
def test_effort_is_told_to_each_family_in_its_own_words(
    model: str, effort: str, fields: JsonObject | None
) -> None:
    body = sent(model, reasoning_effort=effort)

    assert body.get("additionalModelRequestFields") == fields


def test_claudes_own_thinking_and_top_k_go_to_claude() -> None:
    thinking = sent(thinking={"type": "enabled", "budget_tokens": 1024})
    top_k = sent(top_k=40)

    assert thinking["additionalModelRequestFields"] == {
        "thinking": {"type": "enabled", "budget_tokens": 1024}
    }
    assert top_k["additionalModelRequestFields"] == {"top_k": 40}


@pytest.mark.parametrize(
    ("model", "fields", "param"),
    [
        (NOVA, {"temperature": 1.5}, "temperature"),
        (OPUS_5_5, {"temperature": 0.2}, "temperature"),
        (NOVA, {"seed": 7}, "seed"),
        (NOVA, {"n": 2}, "n"),
        (NOVA, {"logit_bias": {"1": 5}}, "logit_bias"),
        (NOVA, {"top_k": 5}, "top_k"),
        (NOVA, {"thinking": {"type": "adaptive"}}, "thinking"),
        (NOVA, {"reasoning_effort": "low"}, "reasoning_effort"),
        (NOVA_2, {"reasoning_effort": "high"}, "reasoning_effort"),
        (OPUS_5_5, {"reasoning_effort": "none"}, "reasoning_effort"),
        (OPUS_5_5, {"response_format": IN_SCHEMA}, "response_format.type"),
        (LLAMA, {"response_format": IN_SCHEMA}, "response_format.type"),
        (NOVA, {"response_format": IN_SCHEMA, "tools": [WEATHER]}, "response_format"),
        (NOVA, {"tools": [WEATHER], "tool_choice": "none", "messages": HISTORY}, "tool_choice"),
        (NOVA, {"messages": HISTORY}, "tool_choice"),
        (LLAMA, {"tools": [WEATHER], "tool_choice": "required"}, "tool_choice"),
        (OPUS_5_5, {"tools": [WEATHER], "tool_choice": "required"}, "tool_choice"),
        (CLAUDE, {"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools.0.type"),
    ],
)
def test_what_neither_converse_nor_the_model_can_honour_is_refused_by_name(
    model: str, fields: JsonObject, param: str
) -> None:
    refusal = refused(model, **fields)

    assert isinstance(refusal, UnsupportedParameter)
    assert refusal.param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": [{"role": "system", "content": "Be brief."}]}, "messages"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"tools": [{"type": "function", "function": {"name": "aggregator_json_answer"}}]},
            "tools.0.function.name",
        ),
        ({"reasoning_effort": "low", "_cap": 1_000}, "reasoning_effort"),
    ],
)
def test_what_is_written_wrong_is_refused_by_its_place(fields: JsonObject, param: str) -> None:
    cap = fields.pop("_cap", 2_000)

    refusal = refused(output_tokens=cap, **fields)

    assert isinstance(refusal, InvalidRequest)
    assert refusal.param == param


def test_what_nova_has_no_field_for_is_said_in_words_or_left_out() -> None:
    strict = {"type": "function", "function": {**WEATHER["function"], "strict": True}}
    tools = sent(NOVA, tools=[strict], parallel_tool_calls=False)
    answer = sent(NOVA, response_format={"type": "json_object"})

    assert tools["toolConfig"] == {"tools": [SPEC]}
    assert tools["system"] == [
        {"text": "Call at most one tool at a time, and wait for its result before you call another."}
    ]
    assert answer["system"] == [
        {"text": "Answer with one JSON object and nothing else: no words around it, no code fence."}
    ]
