"""What a request of the Messages API becomes for providers that do not know all of it."""

from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.model import Route
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.fitting import in_dialect_of
from aggregator.proxy.dialects.from_chat_form import read
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.messages.provider_turns import conversation
from aggregator.proxy.dialects.to_chat_form import written
from tests.fakes.chat_world import ask as chat_ask
from tests.fakes.chat_world import chat_event, provider, route

JsonObject = dict[str, Any]

HI = {"role": "user", "content": "hi"}
MARK = {"cache_control": {"type": "ephemeral"}}
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}}
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}


def via(protocol: str = "openai", upstream_model: str = "m", *extensions: str) -> Route:
    there = provider(protocol=protocol, extensions=frozenset(extensions))
    return route(provider=there, upstream_model=upstream_model).via


def body(there: Route, **fields: Any) -> JsonObject:
    ask = MESSAGES.read(chat_event({"model": "mini", "max_tokens": 30_000, "messages": [HI]} | fields))
    before = str(ask.body)
    fitted = in_dialect_of(there, ask)
    found = (
        fitted.body | {"messages": written(fitted.turns)}
        if there.provider.protocol != "openai"
        else fitted.body
    )
    assert str(ask.body) == before, "the request itself must serve the next route"
    return found


def turns(there: Route, *messages: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = body(there, messages=list(messages))["messages"]
    return found


def test_a_chat_completion_stays_as_the_client_wrote_it() -> None:
    ask = chat_ask(thinking={"type": "enabled"}, top_k=3)

    assert lanes.translated(ask, via()) is ask


@pytest.mark.parametrize(
    "there", [via("anthropic", "claude-sonnet-5"), via("bedrock", "global.anthropic.claude-sonnet-5")]
)
def test_claude_takes_thinking_as_it_is_said(there: Route) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2048}

    found = body(there, thinking=thinking, top_k=3)

    assert (found["thinking"], found["top_k"]) == (thinking, 3)
    assert "reasoning_effort" not in found


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(1024, "low"), (4096, "low"), (4097, "medium"), (16_384, "medium"), (16_385, "high")],
)
@pytest.mark.parametrize("there", [via(), via("gemini"), via("bedrock", "amazon.nova-pro")])
def test_for_others_a_budget_is_an_effort(there: Route, budget: int, effort: str) -> None:
    found = body(there, thinking={"type": "enabled", "budget_tokens": budget})

    assert found["reasoning_effort"] == effort
    assert "thinking" not in found


@pytest.mark.parametrize("kind", ["adaptive", "disabled", "between_tools"])
def test_for_others_thinking_without_a_budget_is_left_to_the_model(kind: str) -> None:
    found = body(via(), thinking={"type": kind})

    assert found.keys() == {"model", "messages", "max_tokens"}


def test_an_effort_that_was_said_counts_before_the_budget() -> None:
    thinking = {"type": "enabled", "budget_tokens": 20_000}

    assert body(via(), thinking=thinking, output_config={"effort": "low"})["reasoning_effort"] == "low"


def test_top_k_is_refused_by_name_unless_the_provider_takes_it() -> None:
    assert body(via("openai", "m", "top_k"), top_k=3)["top_k"] == 3
    with pytest.raises(UnsupportedParameter) as refused:
        body(via(), top_k=3)
    assert refused.value.param == "top_k"


def test_marks_of_the_prompt_cache_go_to_those_who_take_them() -> None:
    fields: JsonObject = {
        "system": [{"type": "text", "text": "be"}, {"type": "text", "text": "brief"} | MARK],
        "messages": [HI],
        "tools": [{"name": "f", "input_schema": {}} | MARK],
    }

    plain, taking = body(via(), **fields), body(via("openai", "m", "cache_control"), **fields)

    assert plain["messages"][0] == {"role": "system", "content": "be\n\nbrief"}
    assert plain["tools"] == [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    assert taking["messages"][0]["content"][1] == {"type": "text", "text": "brief"} | MARK
    assert taking["tools"][0]["cache_control"] == {"type": "ephemeral"}


def test_a_mark_on_the_whole_request_is_no_field_of_a_message() -> None:
    assert body(via(), **MARK)["messages"] == [HI]


def test_thinking_goes_to_those_who_take_it() -> None:
    assistant = {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "yes"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {}} | MARK,
        ],
    }
    call = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}

    plain = turns(via(), HI, assistant)[1]
    taking = turns(via("openai", "m", "reasoning_details", "reasoning_content"), HI, assistant)[1]

    assert plain == {"role": "assistant", "content": "yes", "tool_calls": [call]}
    assert taking["reasoning_content"] == "hm"
    assert taking["reasoning_details"][0]["signature"] == "s"


def test_images_of_results_follow_the_last_result_in_the_users_name() -> None:
    results = {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "a"}, PNG]},
            {"type": "tool_result", "tool_use_id": "t2", "content": "b"},
            {"type": "tool_result", "tool_use_id": "t3", "content": [PNG]},
            {"type": "text", "text": "go on"},
        ],
    }

    assert turns(via(), HI, results)[1:] == [
        {"role": "tool", "tool_call_id": "t1", "content": "a"},
        {"role": "tool", "tool_call_id": "t2", "content": "b"},
        {"role": "tool", "tool_call_id": "t3", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "From result 1:"},
                PNG_PART,
                {"type": "text", "text": "From result 3:"},
                PNG_PART,
            ],
        },
        {"role": "user", "content": "go on"},
    ]


def test_images_of_the_last_results_are_not_lost() -> None:
    results = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [PNG]}]}

    assert turns(via(), HI, results)[-1]["content"][1] == PNG_PART


@pytest.mark.parametrize(
    "there",
    [
        via("anthropic", "claude-opus-5"),
        via("gemini", "gemini-3.6-flash"),
        via("bedrock", "global.anthropic.claude-opus-5"),
        via("bedrock", "us.amazon.nova-pro-v1:0"),
    ],
)
def test_who_takes_an_error_gets_a_result_as_it_is(there: Route) -> None:
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [PNG], "is_error": True}

    assert turns(there, HI, {"role": "user", "content": [result]})[1] == {
        "role": "tool",
        "tool_call_id": "t1",
        "content": [PNG_PART],
        "is_error": True,
    }


def test_a_failed_result_says_so_in_words() -> None:
    failed = {"type": "tool_result", "tool_use_id": "t1", "is_error": True}
    marked = {"type": "text", "text": "gone"} | MARK
    asked = {"role": "user", "content": [failed | {"content": "gone"}, failed | {"content": [marked]}]}

    first, second = turns(via("openai", "m", "cache_control"), HI, asked)[1:]

    assert first["content"] == "Error: gone"
    assert second["content"] == [{"type": "text", "text": "Error: gone"} | MARK]


def test_a_provider_with_images_in_results_is_told_of_an_error_in_words_too() -> None:
    failed = {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [PNG]}

    found = turns(via("bedrock"), HI, {"role": "user", "content": [failed]})

    assert found[1:] == [
        {"role": "tool", "tool_call_id": "t1", "content": [{"type": "text", "text": "Error:"}, PNG_PART]}
    ]


def test_claude_is_told_of_an_error_as_it_was_said() -> None:
    result = {"role": "tool", "tool_call_id": "t1", "content": "gone", "is_error": True}

    _, said = conversation(read([{"role": "user", "content": "hi"}, result], "Claude"))

    assert said[0]["content"][1] == {
        "type": "tool_result",
        "tool_use_id": "t1",
        "content": [{"type": "text", "text": "gone"}],
        "is_error": True,
    }
