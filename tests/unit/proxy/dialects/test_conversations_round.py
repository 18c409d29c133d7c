"""What a client says of earlier turns reaches the provider that said it: in its order, sealed as it was.

Whatever order of blocks: read from a client's dialect and written for the provider, it is the same.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.proxy.dialects.lanes import adapter_of, check, translated
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.reasoning import packed
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import CALLER, ScriptedResponse, World, chat_event, provider, route, visit, way
from tests.fakes.chat_world import ask as chat_ask

JsonObject = dict[str, Any]

CLAUDE_ON_BEDROCK = "anthropic.claude-opus-4-6-v1"
GEMINI = "gemini-3.8-flash"
HI: JsonObject = {"role": "user", "content": "hi"}
PNG: JsonObject = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0="},
}

WORDS = st.sampled_from(["one", "two", "three"])
TEXTS = st.builds(lambda words: {"type": "text", "text": words}, WORDS)
THOUGHTS = st.builds(
    lambda words, seal: {"type": "thinking", "thinking": words, "signature": seal},
    WORDS,
    st.sampled_from(["sigA", "sigB"]),
)
HIDDEN = st.builds(
    lambda data: {"type": "redacted_thinking", "data": data}, st.sampled_from(["ZGFyaw==", "YmxhY2s="])
)


def sent(ask: Ask, protocol: str, model: str) -> JsonObject:
    on = way(provider=provider(protocol=protocol), upstream_model=model)
    body: JsonObject = json.loads(adapter_of(protocol).encode(translated(ask, on.route.via), on, "k").body)
    return body


def asked(*turns: JsonObject, **fields: Any) -> Ask:
    said = {"model": "mini", "max_tokens": 50, "messages": list(turns)} | fields
    return MESSAGES.read(chat_event(said))


def called(n: int) -> JsonObject:
    return {"type": "tool_use", "id": f"t{n}", "name": "f", "input": {"n": n}}


def gave(n: int) -> JsonObject:
    return {"type": "tool_result", "tool_use_id": f"t{n}", "content": [{"type": "text", "text": f"r{n}"}]}


@settings(max_examples=60)
@given(st.lists(st.one_of(TEXTS, THOUGHTS, HIDDEN), max_size=6), st.integers(1, 3))
def test_whatever_order_of_blocks_reaches_claude_as_it_was(said: list[JsonObject], calls: int) -> None:
    blocks = [*said, *(called(n) for n in range(calls))]
    results = [gave(n) for n in range(calls)]
    turns = [HI, {"role": "assistant", "content": blocks}, {"role": "user", "content": results}]

    found = sent(asked(*turns), "anthropic", "claude-opus-4-6")["messages"]

    assert found[1]["content"] == blocks
    assert found[2]["content"] == results


@settings(max_examples=60)
@given(st.lists(st.one_of(TEXTS, THOUGHTS, HIDDEN), max_size=6))
def test_whatever_order_of_blocks_reaches_claude_on_bedrock_as_it_was(said: list[JsonObject]) -> None:
    turns = [
        HI,
        {"role": "assistant", "content": [*said, called(1)]},
        {"role": "user", "content": [gave(1)]},
    ]

    found = sent(asked(*turns), "bedrock", CLAUDE_ON_BEDROCK)["messages"]

    assert found[1]["content"] == [
        *map(_on_bedrock, said),
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"n": 1}}},
    ]
    assert found[2]["content"] == [{"toolResult": {"toolUseId": "t1", "content": [{"text": "r1"}]}}]


def _on_bedrock(block: JsonObject) -> JsonObject:
    match block["type"]:
        case "text":
            return {"text": block["text"]}
        case "thinking":
            said = {"text": block["thinking"], "signature": block["signature"]}
            return {"reasoningContent": {"reasoningText": said}}
        case _:
            return {"reasoningContent": {"redactedContent": block["data"]}}


def test_each_signature_of_gemini_goes_back_on_the_part_that_it_came_with() -> None:
    def seal(data: str, call: str | None = None) -> str:
        detail = {"type": "reasoning.encrypted", "data": data, "format": "google-gemini-v1"}
        return packed(detail | ({} if call is None else {"id": call}))

    said = [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "one"},
        {"type": "redacted_thinking", "data": seal("U1RFWFQ=")},
        {"type": "redacted_thinking", "data": seal("U0NBTEw=", "t1")},
        called(1),
        called(2),
    ]
    turns = [HI, {"role": "assistant", "content": said}, {"role": "user", "content": [gave(2), gave(1)]}]

    found = sent(asked(*turns), "gemini", GEMINI)["contents"]

    assert found[1]["parts"] == [
        {"text": "one", "thoughtSignature": "U1RFWFQ="},
        {"functionCall": {"id": "t1", "name": "f", "args": {"n": 1}}, "thoughtSignature": "U0NBTEw="},
        {"functionCall": {"id": "t2", "name": "f", "args": {"n": 2}}},
    ]
    assert [part["functionResponse"]["id"] for part in found[2]["parts"]] == ["t2", "t1"]


def test_gemini_is_given_words_and_calls_in_their_order() -> None:
    said = [{"type": "text", "text": "one"}, called(1), {"type": "text", "text": "two"}]

    parts = sent(asked(HI, {"role": "assistant", "content": said}, HI), "gemini", GEMINI)["contents"][1][
        "parts"
    ]

    assert [next(iter(part)) for part in parts] == ["text", "functionCall", "text"]


@pytest.mark.parametrize(
    ("protocol", "model", "of_turn"),
    [
        ("anthropic", "claude-opus-4-6", lambda body: [_words(turn["content"]) for turn in body["messages"]]),
        ("bedrock", CLAUDE_ON_BEDROCK, lambda body: [_words(turn["content"]) for turn in body["messages"]]),
        ("gemini", GEMINI, lambda body: [_words(turn["parts"]) for turn in body["contents"]]),
    ],
)
def test_system_turns_of_a_messages_client_stay_in_their_place(
    protocol: str, model: str, of_turn: Any
) -> None:
    turns = [HI, {"role": "system", "content": "note 1"}, {"role": "assistant", "content": "a1"}, HI]
    marked = {"type": "text", "text": "note 2", "cache_control": {"type": "ephemeral"}}

    body = sent(asked(*turns, {"role": "system", "content": [marked]}, system="S"), protocol, model)

    assert of_turn(body) == [["hi", "note 1"], ["a1"], ["hi", "note 2"]]
    if protocol == "anthropic":
        assert body["messages"][2]["content"][1] == marked
    if protocol == "bedrock":
        assert body["messages"][2]["content"][2] == {"cachePoint": {"type": "default"}}


def _words(blocks: list[JsonObject]) -> list[str]:
    return [block["text"] for block in blocks if "text" in block]


def test_a_mid_conversation_mark_and_images_of_results_reach_claude_where_they_stood() -> None:
    result = gave(1) | {
        "content": [{"type": "text", "text": "see"}, PNG],
        "cache_control": {"type": "ephemeral"},
    }
    turns = [HI, {"role": "assistant", "content": [called(1)]}, {"role": "user", "content": [result]}]

    assert sent(asked(*turns), "anthropic", "claude-opus-4-6")["messages"][2]["content"] == [result]


def test_reasoning_that_claude_sealed_comes_back_to_it_over_responses_between_its_calls() -> None:
    def thought(words: str, signature: str) -> JsonObject:
        detail = {
            "type": "reasoning.text",
            "text": words,
            "signature": signature,
            "format": "anthropic-claude-v1",
        }
        return {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": words}],
            "encrypted_content": packed([detail]),
        }

    items = [
        HI,
        thought("first", "sigA"),
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "one"}]},
        thought("second", "sigB"),
        {"type": "function_call", "call_id": "t1", "name": "f", "arguments": '{"n":1}'},
        {"type": "function_call", "call_id": "t2", "name": "f", "arguments": '{"n":2}'},
        {"type": "function_call_output", "call_id": "t1", "output": "r1"},
        {"type": "function_call_output", "call_id": "t2", "output": "r2"},
    ]
    ask = RESPONSES.read(chat_event({"model": "mini", "max_output_tokens": 50, "input": items}))

    found = sent(ask, "anthropic", "claude-opus-4-6")["messages"]

    assert found[1]["content"] == [
        {"type": "thinking", "thinking": "first", "signature": "sigA"},
        {"type": "text", "text": "one"},
        {"type": "thinking", "thinking": "second", "signature": "sigB"},
        called(1),
        called(2),
    ]
    assert found[2]["content"] == [gave(1), gave(2)]


@pytest.mark.parametrize(
    ("protocol", "model", "block", "place"),
    [
        (
            "anthropic",
            "claude-opus-4-6",
            {"type": "image", "source": {"type": "url", "url": "http://a.example/a.png"}},
            "messages.1.content.0.source",
        ),
        (
            "bedrock",
            CLAUDE_ON_BEDROCK,
            {"type": "image", "source": {"type": "url", "url": "https://a.example/a.png"}},
            "messages.1.content.0.source",
        ),
        (
            "gemini",
            GEMINI,
            {"type": "tool_result", "tool_use_id": "t9", "content": "?"},
            "messages.1.content.0.tool_use_id",
        ),
    ],
)
def test_what_a_provider_cannot_carry_is_refused_by_the_clients_own_name_before_money_is_held(
    protocol: str, model: str, block: JsonObject, place: str
) -> None:
    via = way(provider=provider(protocol=protocol), upstream_model=model).route.via

    with pytest.raises((InvalidRequest, UnsupportedParameter)) as refusal:
        check(asked(HI, {"role": "user", "content": [block]}), via)

    assert refusal.value.param == place


@pytest.mark.parametrize("protocol", ["anthropic", "bedrock", "gemini"])
def test_a_chat_that_no_other_protocol_can_carry_is_refused_before_money_is_held(protocol: str) -> None:
    via = way(provider=provider(protocol=protocol), upstream_model=CLAUDE_ON_BEDROCK).route.via

    with pytest.raises(UnsupportedParameter) as refusal:
        check(chat_ask(messages=[HI | {"name": "ann"}]), via)

    assert refusal.value.param == "messages.0.name"


SAID_BY_CLAUDE: list[JsonObject] = [
    {"type": "thinking", "thinking": "first", "signature": "sigA"},
    {"type": "text", "text": "one"},
    {"type": "thinking", "thinking": "second", "signature": "sigB"},
    {"type": "text", "text": "two"},
    {"type": "tool_use", "id": "t1", "name": "f", "input": {"n": 1}},
    {"type": "redacted_thinking", "data": "dark"},
    {"type": "tool_use", "id": "t2", "name": "f", "input": {"n": 2}},
]


def answer_to_a_chat(content: list[JsonObject]) -> JsonObject:
    """The assistant's message that a chat client gets of an answer of Claude's."""
    said = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "c",
        "content": content,
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "output_tokens": 9},
    }
    there = provider("anthropic", protocol="anthropic")
    world = World([ScriptedResponse(json.dumps(said).encode())], [route("anthropic", provider=there)])
    served = walk(CALLER, chat_ask(), visit(world.clock), world.collaborators())
    message: JsonObject = json.loads(b"".join(served.chunks))["choices"][0]["message"]
    return message


def test_a_chat_client_gives_claude_its_thoughts_back_where_they_stood() -> None:
    message = answer_to_a_chat(SAID_BY_CLAUDE)

    again = chat_ask(messages=[HI, message, HI], max_tokens=50)

    assert message["content"] == "onetwo"
    assert sent(again, "anthropic", "claude-opus-4-6")["messages"][1]["content"] == SAID_BY_CLAUDE


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(TEXTS, THOUGHTS, HIDDEN), max_size=6), st.integers(1, 3))
def test_whatever_order_claude_answers_in_a_chat_client_gives_it_back(
    said: list[JsonObject], calls: int
) -> None:
    blocks = [*said, *(called(n) for n in range(calls))]

    again = chat_ask(messages=[HI, answer_to_a_chat(blocks), HI], max_tokens=50)

    found = sent(again, "anthropic", "claude-opus-4-6")["messages"][1]["content"]
    assert _merged(found) == _merged(blocks)


def _merged(blocks: list[JsonObject]) -> list[JsonObject]:
    """Neighbours of text as one: a chat completion knows no bounds between them."""
    found: list[JsonObject] = []
    for block in blocks:
        if found and block["type"] == found[-1]["type"] == "text":
            found[-1] = {"type": "text", "text": found[-1]["text"] + block["text"]}
        else:
            found.append(block)
    return found


@pytest.mark.parametrize(
    "after", [None, 3, {}, {"characters": "x", "calls": True}, {"characters": -1, "calls": 99}]
)
def test_a_place_of_a_thought_that_cannot_be_is_no_error(after: Any) -> None:
    detail = {
        "type": "reasoning.text",
        "text": "hm",
        "signature": "s",
        "format": "anthropic-claude-v1",
        "after": after,
    }
    said = {"role": "assistant", "content": "one", "reasoning_details": [detail]}

    blocks = sent(chat_ask(messages=[HI, said, HI]), "anthropic", "claude-opus-4-6")["messages"][1]["content"]

    assert blocks == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "one"},
    ]
