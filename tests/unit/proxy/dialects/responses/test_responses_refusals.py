"""What the Responses API refuses, each by its path, in its own words."""

import json
from typing import Any

import pytest

from aggregator.errors import InvalidRequest, Refusal, UnsupportedParameter
from aggregator.proxy.dialects.responses.client import RESPONSES
from tests.fakes.chat_world import chat_event

JsonObject = dict[str, Any]

TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def refusal(**fields: Any) -> tuple[type[Refusal], str | None]:
    """Why a request is refused at once, or by every provider that does not speak this API itself."""
    try:
        ask = RESPONSES.read(chat_event({"model": "mini", "input": "hi"} | fields))
    except Refusal as refused:
        return type(refused), refused.param
    assert ask.untranslated is not None
    return type(ask.untranslated), ask.untranslated.param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 1}, "model"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": {}}, "input"),
        ({"input": ["hi"]}, "input.0"),
        ({"input": [{"role": "user"}]}, "input.0.content"),
        ({"input": [{"role": "user", "content": []}]}, "input.0.content"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_text", "text": 1}]}]},
            "input.0.content.0.text",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            "input.0.content.0.image_url",
        ),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input.0.call_id"),
        ({"input": [{"type": "function_call", "call_id": "c", "arguments": "{}"}]}, "input.0.name"),
        (
            {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": {}}]},
            "input.0.arguments",
        ),
        ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input.0.output"),
        ({"input": [{"type": "reasoning", "summary": [{"text": 1}]}]}, "input.0.summary.0.text"),
        ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, "input"),
        ({"instructions": 1}, "instructions"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": "9"}, "max_output_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"stream": "yes"}, "stream"),
        ({"store": "no"}, "store"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "namespace", "tools": [TOOL]}]}, "tools.0.name"),
        (
            {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]},
            "tools.0.tools.0.name",
        ),
        ({"client_metadata": "x"}, "client_metadata"),
        ({"tools": [{"type": "function", "parameters": {}}]}, "tools.0.name"),
        ({"tools": [TOOL | {"parameters": "x"}]}, "tools.0.parameters"),
        ({"tools": [TOOL | {"strict": "yes"}]}, "tools.0.strict"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"text": "plain"}, "text"),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format.name"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema"),
        ({"reasoning": {"effort": 3}}, "reasoning.effort"),
        ({"metadata": "x"}, "metadata"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(fields: JsonObject, param: str) -> None:
    assert refusal(**fields) == (InvalidRequest, param)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"background": True}, "background"),
        ({"truncation": "auto"}, "truncation"),
        ({"context_management": [{}]}, "context_management"),
        ({"moderation": {"model": "m"}}, "moderation"),
        ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
        ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tools"),
        ({"tools": [TOOL, {"type": "local_shell"}]}, "tools.1.type"),
        ({"tool_choice": {"type": "web_search_preview"}}, "tool_choice.type"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.0.type"),
        ({"input": [{"id": "msg_1"}]}, "input.0.type"),
        ({"input": [{"type": "web_search_call", "id": "ws_1"}]}, "input.0.type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file_1"}]}]},
            "input.0.content.0.file_id",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}]},
            "input.0.content.0.file_id",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "input.0.content.0.type",
        ),
        ({"tools": [TOOL, {"type": "namespace", "name": "n", "tools": [TOOL]}]}, "tools"),
        (
            {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "local_shell"}]}]},
            "tools.0.tools.0.type",
        ),
        ({"input": [{"role": "robot", "content": "x"}]}, "input.0.role"),
        ({"truncation": "maybe"}, "truncation"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"verbosity": "loud"}}, "text.verbosity"),
        ({"include": ["everything"]}, "include.0"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(fields: JsonObject, param: str) -> None:
    assert refusal(**fields) == (UnsupportedParameter, param)


def test_what_a_provider_does_not_take_is_refused_in_this_apis_words() -> None:
    refused = UnsupportedParameter(
        "Mistral takes 'response_format.type' only as 'text'.", param="response_format.type"
    )

    error = RESPONSES.refuse(refused, "r1")["error"]

    assert error["param"] == "text.format.type"
    assert error["message"] == "Mistral takes 'text.format.type' only as 'text'."
    assert error["code"] == "unsupported_parameter"


def test_a_place_in_the_translated_conversation_is_told_as_the_input() -> None:
    refused = InvalidRequest("messages.3.content.0: must be text", param="messages.3.content.0")

    error = RESPONSES.refuse(refused, "r1")["error"]

    assert (error["param"], error["message"]) == ("input", "input: must be text")


def test_a_body_that_is_no_json_object_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        RESPONSES.read(chat_event(json.dumps(["hi"])))
