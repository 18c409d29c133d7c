"""What the Messages API refuses, each by its path."""

from typing import Any

import pytest

from aggregator.errors import InvalidRequest, Refusal, UnsupportedParameter
from aggregator.proxy.dialects.messages.client import MESSAGES
from tests.fakes.chat_world import chat_event

JsonObject = dict[str, Any]

HI = {"role": "user", "content": "hi"}
TOOL = {"name": "f", "input_schema": {"type": "object"}}


def document(source: JsonObject, **fields: Any) -> JsonObject:
    return {"type": "document", "source": source} | fields


def refusal(**fields: Any) -> tuple[type[Refusal], str | None]:
    """Why a request is refused at once, or by every provider that does not speak this API itself."""
    try:
        ask = MESSAGES.read(chat_event({"model": "mini", "max_tokens": 50, "messages": [HI]} | fields))
    except Refusal as refused:
        return type(refused), refused.param
    assert ask.untranslated is not None
    return type(ask.untranslated), ask.untranslated.param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages.0"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages.0.content.0"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": None}]}]},
            "messages.0.content.0.text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "messages.0.content.0.source",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "x"}]}]},
            "messages.0.content.0.tool_use_id",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f"}]}]},
            "messages.0.content.0.input",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "redacted_thinking"}]}]},
            "messages.0.content.0.data",
        ),
        ({"system": 7}, "system"),
        ({"cache_control": "yes"}, "cache_control"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"stop_sequences": [""]}, "stop_sequences.0"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_k": 0}, "top_k"),
        ({"tools": [{"name": "f"}]}, "tools.0.input_schema"),
        ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"metadata": "me"}, "metadata"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(fields: JsonObject, param: str) -> None:
    assert refusal(**fields) == (InvalidRequest, param)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"container": "c"}, "container"),
        ({"mcp_servers": [{}]}, "mcp_servers"),
        ({"inference_geo": "us"}, "inference_geo"),
        ({"speed": "fast"}, "speed"),
        ({"service_tier": "priority"}, "service_tier"),
        (
            {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
            "context_management.edits.0.type",
        ),
        (
            {
                "tools": [{"type": "web_search_20250305", "name": "web_search"}],
                "tool_choice": {"type": "any"},
            },
            "tools",
        ),
        ({"tools": [TOOL | {"input_examples": [{}]}]}, "tools.0.input_examples"),
        ({"output_config": {"task_budget": 3}}, "output_config.task_budget"),
        (
            {"messages": [{"role": "user", "content": [{"type": "web_search_tool_result"}]}]},
            "messages.0.content.0.type",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}]},
            "messages.0.content.0.type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}],
                    }
                ]
            },
            "messages.0.content.0.source.type",
        ),
        (
            {"messages": [{"role": "user", "content": [document({"type": "file", "file_id": "f"})]}]},
            "messages.0.content.0.source.type",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"thinking": {"type": "enabled", "budget_tokens": 50}}, "thinking.budget_tokens"),
        ({"output_config": {"effort": "huge"}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(fields: JsonObject, param: str) -> None:
    assert refusal(**fields) == (UnsupportedParameter, param)


@pytest.mark.parametrize("name", ["anthropic-version", "anthropic-beta"])
@pytest.mark.parametrize("value", ["2023-06-01\u00e9", "\u2192", "a\r\nx-api-key: b", "\x7f", "\x00"])
def test_a_header_that_would_not_go_along_as_it_is_is_refused_by_its_name(name: str, value: str) -> None:
    event = chat_event({"model": "mini", "max_tokens": 50, "messages": [HI]})

    with pytest.raises(InvalidRequest) as refused:
        MESSAGES.read(event | {"headers": {name.title(): value}})

    assert refused.value.param == name


def test_blanks_in_a_header_are_no_reason_to_refuse_it() -> None:
    event = chat_event({"model": "mini", "max_tokens": 50, "messages": [HI]})

    ask = MESSAGES.read(event | {"headers": {"anthropic-beta": "a,\tb,  c"}})

    assert ask.headers == {"anthropic-beta": "a,\tb,  c"}
