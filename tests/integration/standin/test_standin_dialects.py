"""The stand-in in other dialects, read by their own SDKs."""

from typing import Any, cast

import anthropic
import openai
import pytest

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def test_a_message_whole_and_streamed_says_the_same(claude: Any) -> None:
    asked = {"model": "claude", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}

    whole = claude.messages.create(**asked)
    with claude.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()

    assert whole.content[0].text == 'You said "hi", and this is my answer: everything works.'
    assert streamed.content[0].text == whole.content[0].text
    assert (streamed.stop_reason, streamed.usage.input_tokens, streamed.usage.output_tokens) == (
        whole.stop_reason, whole.usage.input_tokens, whole.usage.output_tokens,
    ) == ("end_turn", 7, 15)  # fmt: skip


def test_a_message_calls_a_tool_and_ends_when_its_result_comes_with_notes(
    claude: Any,
) -> None:
    tools = [{"name": "weather", "input_schema": WEATHER}]
    first = claude.messages.create(
        model="claude",
        max_tokens=100,
        tools=tools,
        messages=[{"role": "user", "content": "weather?"}],
    )
    call = first.content[0]
    assert (first.stop_reason, call.type) == ("tool_use", "tool_use")

    second = claude.messages.create(
        model="claude", max_tokens=100, tools=tools,
        messages=[
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"},
                {"type": "text", "text": "a note of the client"},
            ]},
            {"role": "system", "content": "a reminder"},
        ],
    )  # fmt: skip

    assert second.stop_reason == "end_turn"
    assert second.content[0].text == "The tool weather answered: sunny."


def test_a_message_that_is_refused_is_refused_in_anthropic_s_form(claude: Any) -> None:
    with pytest.raises(anthropic.RateLimitError) as refused:
        claude.messages.create(
            model="claude-standin-429", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        )

    assert refused.value.status_code == 429


def test_a_response_whole_and_streamed_says_the_same(gpt: Any) -> None:
    whole = gpt.responses.create(model="gpt", input="hi", store=False)
    with gpt.responses.stream(model="gpt", input="hi", store=False) as stream:
        streamed = stream.get_final_response()

    assert (
        whole.output_text == streamed.output_text == 'You said "hi", and this is my answer: everything works.'
    )
    assert whole.usage is not None
    assert streamed.usage == whole.usage
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (7, 15)


def test_a_response_calls_functions_and_custom_tools_and_ends_on_their_results(gpt: Any) -> None:
    tools = [
        {"type": "function", "name": "weather", "parameters": WEATHER, "strict": False},
        {"type": "custom", "name": "patch"},
    ]
    said = gpt.responses.create(model="gpt", input="do both", tools=tools, store=False)
    assert [item.type for item in said.output] == ["function_call", "custom_tool_call"]

    results = [
        {"type": f"{item.type}_output", "call_id": item.call_id, "output": "done"} for item in said.output
    ]
    ended = gpt.responses.create(
        model="gpt",
        input=[{"role": "user", "content": "do both"}, *said.output, *results],
        tools=tools,
        store=False,
    )

    assert ended.output_text == "The tool weather answered: done. The tool patch answered: done."


@pytest.mark.parametrize(("fields", "param"), [
    ({"store": True}, "store"),
    ({"max_output_tokens": 5, "store": False}, "max_output_tokens"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}], "store": False}, "input[0]"),
    ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}], "store": False}, "input[0]"),
    ({"tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}], "store": False}, "tools"),
])  # fmt: skip
def test_what_openai_would_refuse_is_refused(gpt: Any, fields: dict[str, object], param: str) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        gpt.responses.create(**{"model": "gpt", "input": "hi"} | fields)

    assert cast("Any", refused.value.body)["param"] == param
