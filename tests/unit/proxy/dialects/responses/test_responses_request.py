"""Reading a request of the Responses API: what goes to the provider, and what is refused by its path."""

from typing import Any

from aggregator.proxy.dialects.reasoning import packed
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import ScriptedResponse, World, chat_event, completion, counted, provider, route
from tests.unit.proxy.dialects.surface_world import message, plain, sent, served

JsonObject = dict[str, Any]

TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def read(**fields: Any) -> Ask:
    return RESPONSES.read(chat_event({"model": "mini", "input": "hi"} | fields))


def messages(*items: JsonObject, **fields: Any) -> list[JsonObject]:
    """The messages that input items become."""
    found: list[JsonObject] = read(input=list(items), **fields).body["messages"]
    return found


def test_a_text_is_what_the_user_says_and_instructions_come_before_it() -> None:
    assert read(instructions="be brief").body["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
    ]


def test_items_become_messages_of_their_roles() -> None:
    assert messages(
        {"role": "developer", "content": "be brief"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "yes", "annotations": []}]},
        {"role": "user", "content": "more"},
    ) == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "more"},
    ]


def test_images_and_files_become_parts() -> None:
    (message,) = messages(
        {
            "role": "user",
            "content": [
                {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
            ],
        }
    )

    assert message["content"] == [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}},
    ]


def test_words_and_calls_of_one_turn_are_one_message_and_outputs_answer_it() -> None:
    assert messages(
        {"role": "user", "content": "weather?"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "let me see"}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}', "id": "fc_1"},
        {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "wet"}]},
    ) == [
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "content": "let me see",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "wet"}]},
    ]


def test_reasoning_goes_with_what_was_said_after_it() -> None:
    detail = {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1"}

    found = messages(
        {"role": "user", "content": "hi"},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": packed([detail]),
        },
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
    )

    assert found[1]["reasoning_details"] == [detail]
    assert found[1]["reasoning_content"] == "hm"
    assert found[1]["tool_calls"][0]["id"] == "c1"


def test_reasoning_that_another_sealed_and_nobody_followed_says_nothing() -> None:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}

    assert messages({"role": "user", "content": "hi"}, reasoning) == [{"role": "user", "content": "hi"}]


def test_fields_become_those_of_a_chat_completion() -> None:
    body = read(
        max_output_tokens=99,
        temperature=0.5,
        top_p=0.9,
        parallel_tool_calls=False,
        user="ann",
        reasoning={"effort": "low", "summary": "auto"},
        text={
            "verbosity": "low",
            "format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True},
        },
        tools=[TOOL | {"description": "d", "strict": True}],
        tool_choice={"type": "function", "name": "f"},
        stream=True,
    ).body

    assert body == {
        "model": "mini",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 99,
        "temperature": 0.5,
        "top_p": 0.9,
        "parallel_tool_calls": False,
        "user": "ann",
        "reasoning_effort": "low",
        "verbosity": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": {}, "strict": True},
        },
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
    }


def test_functions_of_a_namespace_are_functions_described_by_both() -> None:
    inner = {"type": "function", "name": "close", "description": "Ends it.", "parameters": {"type": "object"}}
    silent = {"type": "function", "name": "open"}
    namespace = {"type": "namespace", "name": "crm", "description": "Deals.", "tools": [inner, silent]}

    assert read(tools=[TOOL, namespace]).body["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
        {
            "type": "function",
            "function": {
                "name": "close",
                "description": "Deals.\n\nEnds it.",
                "parameters": {"type": "object"},
            },
        },
        {"type": "function", "function": {"name": "open", "description": "Deals."}},
    ]


def test_a_call_of_a_namespaces_function_repeats_the_namespace_and_comes_back_as_a_call() -> None:
    namespace = {"type": "namespace", "name": "crm", "description": "Deals.", "tools": [TOOL]}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = {"model": "mini", "input": "hi", "tools": [namespace]}

    (item,) = plain(RESPONSES, asked, message(tool_calls=[call], finish="tool_calls"))["output"]

    assert (item["type"], item["name"], item["namespace"], item["call_id"]) == (
        "function_call",
        "f",
        "crm",
        "c1",
    )
    assert messages({"role": "user", "content": "hi"}, item)[1]["tool_calls"] == [call]


def test_what_a_client_notes_for_itself_is_taken_and_not_sent_on() -> None:
    assert "client_metadata" not in read(client_metadata={"session": "1"}).body


def test_a_choice_among_allowed_tools_is_passed_on() -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}

    assert read(tools=[TOOL], tool_choice=choice).body["tool_choice"] == {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]},
    }


def test_probabilities_are_asked_for_by_either_field() -> None:
    assert read(include=["message.output_text.logprobs"]).body["logprobs"] is True
    assert read(top_logprobs=2).body["logprobs"] is True


def test_what_asks_for_nothing_stored_is_taken() -> None:
    ask = read(
        store=True,
        background=False,
        previous_response_id=None,
        conversation=None,
        truncation="disabled",
        include=["reasoning.encrypted_content"],
        metadata={"a": "b"},
        max_tool_calls=3,
        stream_options={"include_obfuscation": False},
    )

    assert ask.body == {"model": "mini", "messages": [{"role": "user", "content": "hi"}]}


def test_the_limit_and_the_size_are_known_to_the_bound() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 1000}

    ask = read(max_output_tokens=7, input=[{"role": "user", "content": [image]}])

    assert (ask.surface, ask.max_output_tokens, ask.images) == ("responses", 7, 1)
    assert ask.text_bytes < 250


def test_reasoning_of_earlier_turns_is_not_sent_to_a_provider_that_does_not_take_it() -> None:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    asked = {
        "model": "mini",
        "input": [{"role": "user", "content": "hi"}, reasoning, {"role": "assistant", "content": "yes"}],
    }
    plain, taking = (
        World(
            [ScriptedResponse(completion("hello", counted(10, 5)))],
            routes=[route(provider=provider(extensions=frozenset(extensions)))],
        )
        for extensions in ((), ("reasoning_content",))
    )

    for world in (plain, taking):
        served(RESPONSES, world, asked)

    assert sent(plain)["messages"][1] == {"role": "assistant", "content": "yes"}
    assert sent(taking)["messages"][1] == {
        "role": "assistant",
        "content": "yes",
        "reasoning_content": "hm",
    }
