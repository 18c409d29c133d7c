"""Reading a request of the Messages API: what it becomes, and what is refused by its path."""

from typing import Any

import pytest

from aggregator.proxy.dialects.conversation import Call, File, Result, Text, Thinking
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.reasoning import CLAUDE, packed
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import chat_event

JsonObject = dict[str, Any]

HI = {"role": "user", "content": "hi"}
MARK = {"cache_control": {"type": "ephemeral"}}
TOOL = {"name": "f", "input_schema": {"type": "object"}}
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}}
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}


def read(**fields: Any) -> Ask:
    return MESSAGES.read(chat_event({"model": "mini", "max_tokens": 50, "messages": [HI]} | fields))


def user(*blocks: JsonObject) -> list[JsonObject]:
    """The messages that one turn of the user becomes."""
    found: list[JsonObject] = read(messages=[{"role": "user", "content": list(blocks)}]).body["messages"]
    return found


def assistant(*blocks: JsonObject) -> JsonObject:
    """The message that a turn of the assistant becomes."""
    turns = [HI, {"role": "assistant", "content": list(blocks)}, HI]
    found: JsonObject = read(messages=turns).body["messages"][1]
    return found


def document(source: JsonObject, **fields: Any) -> JsonObject:
    return {"type": "document", "source": source} | fields


def test_system_and_turns_become_messages() -> None:
    body = read(system="be brief", messages=[HI, {"role": "assistant", "content": "yes"}, HI]).body

    assert body["messages"] == [
        {"role": "system", "content": "be brief"},
        HI,
        {"role": "assistant", "content": "yes"},
        HI,
    ]
    assert body["max_tokens"] == 50


def test_a_turn_keeps_the_order_of_its_blocks() -> None:
    said = [
        {"type": "thinking", "thinking": "first", "signature": "sigA"},
        {"type": "text", "text": "one"},
        {"type": "thinking", "thinking": "second", "signature": "sigB"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        {"type": "redacted_thinking", "data": "dark"},
    ]

    blocks = read(messages=[HI, {"role": "assistant", "content": said}, HI]).turns[1].blocks

    assert blocks == (
        Thinking("first", {"type": "reasoning.text", "text": "first", "signature": "sigA", "format": CLAUDE}),
        Text("one"),
        Thinking(
            "second", {"type": "reasoning.text", "text": "second", "signature": "sigB", "format": CLAUDE}
        ),
        Call("t1", "f", '{"a":1}'),
        Thinking("", {"type": "reasoning.encrypted", "data": "dark", "format": CLAUDE}),
    )
    assert [block.came.said for block in blocks] == said


def test_a_tool_that_loads_later_is_there_from_the_beginning_and_one_that_was_found_is_said_in_words() -> (
    None
):
    found = {
        "type": "tool_result",
        "tool_use_id": "t1",
        "content": [{"type": "tool_reference", "tool_name": "find"}],
    }
    tool = {"name": "find", "input_schema": {"type": "object"}, "defer_loading": True}

    ask = read(messages=[{"role": "user", "content": [found]}], tools=[tool])

    assert ask.untranslated is None
    assert ask.body["tools"] == [
        {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
    ]
    assert ask.turns[0].blocks == (Result("t1", (Text("The tool 'find' is there to be called."),)),)


def test_the_context_of_a_document_is_said_before_it() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "QQ=="}

    turn = read(
        messages=[{"role": "user", "content": [document(pdf, title="a.pdf", context="of May")]}]
    ).turns[0]

    assert turn.blocks == (Text("of May"), File("data:application/pdf;base64,QQ==", "a.pdf"))


def test_a_system_turn_stays_in_its_place() -> None:
    turns = [HI, {"role": "system", "content": [{"type": "text", "text": "brief"}]}, HI]

    assert read(messages=turns).body["messages"][1] == {
        "role": "system",
        "content": [{"type": "text", "text": "brief"}],
    }


def test_marks_of_the_prompt_cache_stay_on_what_they_mark() -> None:
    body = read(
        system=[{"type": "text", "text": "be brief"} | MARK],
        messages=[{"role": "user", "content": [{"type": "text", "text": "hi"} | MARK]}],
        tools=[TOOL | MARK],
    ).body

    assert body["messages"] == [
        {"role": "system", "content": [{"type": "text", "text": "be brief"} | MARK]},
        {"role": "user", "content": [{"type": "text", "text": "hi"} | MARK]},
    ]
    assert body["tools"][0]["cache_control"] == {"type": "ephemeral"}


def test_a_mark_on_the_whole_request_marks_its_last_message() -> None:
    assert read(**MARK).body["messages"] == [HI | MARK]


def test_images_become_parts() -> None:
    url = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}

    (message,) = user({"type": "text", "text": "what is it?"}, PNG | MARK, url)

    assert message["content"] == [
        {"type": "text", "text": "what is it?"},
        PNG_PART | MARK,
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]


def test_a_pdf_is_a_file_and_counts_as_one() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "QQ=="}
    turn = {"role": "user", "content": [document(pdf, title="a.pdf")]}

    ask = read(messages=[turn])

    assert ask.body["messages"][0]["content"] == [
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}}
    ]
    assert ask.has_files


def test_a_document_of_text_is_text_under_its_title() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "words"}

    (message,) = user(document(source, title="Title", context="Context"))

    assert message["content"] == [{"type": "text", "text": "Title\n\nContext\n\nwords"}]


def test_a_document_of_blocks_is_its_blocks() -> None:
    (message,) = user(document({"type": "content", "content": [{"type": "text", "text": "a"}, PNG]}))

    assert message["content"] == [{"type": "text", "text": "a"}, PNG_PART]


def test_results_of_tools_come_before_what_the_user_says() -> None:
    found = user(
        {"type": "text", "text": "go on"},
        {"type": "tool_result", "tool_use_id": "t1", "content": "sunny"},
        {"type": "tool_result", "tool_use_id": "t2", "content": [PNG], "is_error": True} | MARK,
        {"type": "tool_result", "tool_use_id": "t3"},
    )

    assert found == [
        {"role": "tool", "tool_call_id": "t1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "t2", "content": [PNG_PART], "is_error": True} | MARK,
        {"role": "tool", "tool_call_id": "t3", "content": ""},
        {"role": "user", "content": [{"type": "text", "text": "go on"}]},
    ]


def test_words_and_calls_of_an_assistant_are_one_message() -> None:
    assert assistant(
        {"type": "text", "text": "let me "},
        {"type": "text", "text": "see"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": "ü"}},
    ) == {
        "role": "assistant",
        "content": "let me see",
        "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":"ü"}'}}],
    }


def test_thinking_is_kept_as_its_provider_wants_it_back() -> None:
    found = assistant(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "yes"},
    )

    assert found["reasoning_content"] == "hm"
    assert found["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "signature": "sig", "format": "anthropic-claude-v1"},
        {"type": "reasoning.encrypted", "data": "xyz", "format": "anthropic-claude-v1"},
    ]


def test_thinking_of_another_provider_is_unpacked_for_it() -> None:
    sealed = {"type": "reasoning.text", "signature": "s", "format": "google-gemini-v1", "index": 0}
    hidden = {"type": "reasoning.encrypted", "data": "d", "format": "google-gemini-v1"}

    found = assistant(
        {"type": "thinking", "thinking": "hm", "signature": packed(sealed)},
        {"type": "redacted_thinking", "data": packed(hidden)},
        {"type": "text", "text": "yes"},
    )

    assert found["reasoning_details"] == [sealed | {"text": "hm"}, hidden]


def test_thinking_without_a_signature_is_words_alone() -> None:
    found = assistant(
        {"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "yes"}
    )

    assert found == {"role": "assistant", "content": "yes", "reasoning_content": "hm"}


def test_fields_become_those_of_a_chat_completion() -> None:
    body = read(
        stop_sequences=["END"],
        temperature=0.5,
        top_p=0.9,
        top_k=5,
        tools=[TOOL | {"description": "d", "strict": True, "type": "custom"}],
        tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        output_config={"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        stream=True,
    ).body

    assert body == {
        "model": "mini",
        "messages": [HI],
        "max_tokens": 50,
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": ["END"],
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "description": "d",
                    "parameters": {"type": "object"},
                    "strict": True,
                },
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "output", "schema": {"type": "object"}, "strict": True},
        },
    }


@pytest.mark.parametrize(("kind", "choice"), [("auto", "auto"), ("any", "required"), ("none", "none")])
def test_a_choice_of_tools_has_another_name(kind: str, choice: str) -> None:
    assert read(tools=[TOOL], tool_choice={"type": kind}).body["tool_choice"] == choice


def test_how_to_think_stays_as_it_is_said() -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}

    assert read(thinking=thinking, max_tokens=2000).body["thinking"] == thinking


def test_what_asks_for_what_is_done_anyway_is_taken() -> None:
    ask = read(
        metadata={"user_id": "u"},
        service_tier="standard_only",
        speed="standard",
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        container=None,
        tools=[TOOL | {"allowed_callers": ["direct"], "defer_loading": False, "eager_input_streaming": True}],
    )

    assert ask.body.keys() == {"model", "messages", "max_tokens", "tools"}
    assert ask.body["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    ]


def test_the_limit_and_images_are_known_to_the_bound() -> None:
    big = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 1000}}

    ask = read(messages=[{"role": "user", "content": [big]}])

    assert (ask.surface, ask.max_output_tokens, ask.images, ask.wants_usage) == ("messages", 50, 1, False)
    assert ask.text_bytes < 250
