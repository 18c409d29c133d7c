"""Messages to Claude itself: what a client sends arrives as it was sent, what Claude says comes back as it was said."""

import json
from typing import Any

from aggregator.proxy.dialects.messages.client import MESSAGES
from tests.fakes.chat_world import ScriptedResponse, World, provider, route
from tests.unit.proxy.dialects.surface_world import events_of, sent, served

JsonObject = dict[str, Any]

MARK = {"cache_control": {"type": "ephemeral"}}
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}
ASKED: JsonObject = {
    "model": "mini",
    "max_tokens": 4_000,
    "system": [{"type": "text", "text": "Be brief."} | MARK],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                PNG,
                {"type": "document", "source": PDF, "title": "a.pdf"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "redacted_thinking", "data": "xyz"},
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "ü"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": [{"type": "text", "text": "it"}, PNG],
                    "is_error": True,
                },
                {"type": "text", "text": "Go on."} | MARK,
            ],
        },
    ],
    "tools": [
        {
            "name": "look",
            "description": "Look at it",
            "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}},
        }
        | MARK
    ],
    "thinking": {"type": "enabled", "budget_tokens": 2_000},
    "stop_sequences": ["END"],
}
USAGE = {
    "input_tokens": 30,
    "cache_read_input_tokens": 20,
    "cache_creation_input_tokens": 10,
    "output_tokens": 7,
}
CONTENT: list[JsonObject] = [
    {"type": "thinking", "thinking": "hm", "signature": "sig"},
    {"type": "redacted_thinking", "data": "xyz"},
    {"type": "text", "text": "Yes."},
    {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "x"}},
]


def claude(answer: bytes) -> World:
    via = route(
        provider=provider("anthropic", protocol="anthropic"),
        upstream_model="claude-sonnet-4-5",
        max_output_tokens=8_000,
        max_input_tokens=200_000,
    )
    return World([ScriptedResponse(answer)], routes=[via])


def whole() -> bytes:
    said = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": CONTENT,
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": USAGE,
    }
    return json.dumps(said).encode()


def events() -> list[JsonObject]:
    """What Claude streams for the same answer."""
    started = {
        **json.loads(whole()),
        "content": [],
        "stop_reason": None,
        "usage": USAGE | {"output_tokens": 1},
    }
    said: list[JsonObject] = [{"type": "message_start", "message": started}, {"type": "ping"}]
    empty: list[JsonObject] = [
        {"type": "thinking", "thinking": "", "signature": ""},
        CONTENT[1],
        {"type": "text", "text": ""},
        CONTENT[3] | {"input": {}},
    ]
    deltas: list[list[JsonObject]] = [
        [{"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "sig"}],
        [],
        [{"type": "text_delta", "text": "Ye"}, {"type": "text_delta", "text": "s."}],
        [
            {"type": "input_json_delta", "partial_json": '{"at"'},
            {"type": "input_json_delta", "partial_json": ':"x"}'},
        ],
    ]
    for n, block in enumerate(empty):
        said.append({"type": "content_block_start", "index": n, "content_block": block})
        said += [{"type": "content_block_delta", "index": n, "delta": each} for each in deltas[n]]
        said.append({"type": "content_block_stop", "index": n})
    said.append({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": USAGE})
    return [*said, {"type": "message_stop"}]


def on_the_wire(said: list[JsonObject]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (each["type"].encode(), json.dumps(each).encode()) for each in said
    )


def test_a_request_arrives_as_it_was_sent() -> None:
    world = claude(whole())

    served(MESSAGES, world, ASKED)

    assert sent(world) == ASKED | {"model": "claude-sonnet-4-5"}


def test_an_answer_comes_back_as_it_was_said() -> None:
    said = json.loads(b"".join(served(MESSAGES, claude(whole()), ASKED).chunks))

    assert said["content"] == CONTENT
    assert said["stop_reason"] == "tool_use"
    assert {name: said["usage"][name] for name in USAGE} == USAGE


def test_a_stream_comes_back_as_it_was_streamed() -> None:
    world = claude(on_the_wire(events()))

    told = events_of(served(MESSAGES, world, ASKED | {"stream": True}).chunks)

    blocks = [event for event in told if event["type"].startswith("content_block")]
    assert blocks == [event for event in events() if event["type"].startswith("content_block")]
    assert told[-2]["delta"]["stop_reason"] == "tool_use"
    assert {name: told[-2]["usage"][name] for name in USAGE} == USAGE
    assert told[-1] == {"type": "message_stop"}
