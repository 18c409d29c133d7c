"""Messages to Claude itself: what a client sends arrives as it was sent, what Claude says comes back as it was said."""

import json
from typing import Any

import pytest

from aggregator.billing.price import Price
from aggregator.errors import UnsupportedParameter
from aggregator.proxy.dialects.messages.client import MESSAGES
from tests.fakes.chat_world import NANO_A_TOKEN, ScriptedResponse, World, provider, route
from tests.unit.proxy.dialects.surface_world import events_of, sent, served

JsonObject = dict[str, Any]

HOUR = {"type": "ephemeral", "ttl": "1h"}
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


def claude(answer: bytes, price: Price = NANO_A_TOKEN) -> World:
    via = route(
        price=price,
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


def test_what_is_kept_for_an_hour_is_asked_for_and_charged_at_its_own_rate() -> None:
    hourly = NANO_A_TOKEN._replace(cached_input=100_000, cache_write=1_250_000, cache_write_hour=2_000_000)
    kinds = {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 6}
    usage = {**USAGE, "input_tokens": 30_000, "cache_creation": kinds}
    world = claude(json.dumps({**json.loads(whole()), "usage": usage}).encode(), hourly)
    asked = ASKED | {"system": [{"type": "text", "text": "x" * 40_000, "cache_control": HOUR}]}

    served(MESSAGES, world, asked)

    assert sent(world)["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert world.receipts[0].usage.cache_write_hour_tokens == 6
    assert world.receipts[0].cost_nano_usd == 30_000 + 2 + 5 + 12 + 14
    assert world.wallets.held[0] >= 2 * 40_000


def test_an_hour_that_has_no_price_is_refused_and_nothing_is_charged() -> None:
    world = claude(whole())
    asked = ASKED | {"system": [{"type": "text", "text": "Be brief.", "cache_control": HOUR}]}

    with pytest.raises(UnsupportedParameter):
        served(MESSAGES, world, asked)

    assert world.upstream.requests == []
    assert [receipt.charged_nano_usd for receipt in world.receipts] == [0]


MARKED = [
    ({"cache_control": HOUR}, "cache_control.ttl"),
    ({"system": [{"type": "text", "text": "b", "cache_control": HOUR}]}, "system.0.cache_control.ttl"),
    ({"tools": [{**ASKED["tools"][0], "cache_control": HOUR}]}, "tools.0.cache_control.ttl"),
]


@pytest.mark.parametrize(("marked", "place"), MARKED)
def test_on_the_native_lane_an_hour_is_held_at_its_own_rate_or_refused(
    marked: JsonObject, place: str
) -> None:
    asked = {
        "model": "mini",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "x" * 10_000}],
    } | marked
    at = provider("anthropic", protocol="anthropic", house=True, dialects=frozenset({"messages"}))
    hourly = NANO_A_TOKEN._replace(cache_write_hour=5_000_000)
    claude_at: JsonObject = {
        "provider": at,
        "upstream_model": "claude-sonnet-4-5",
        "max_input_tokens": 200_000,
    }
    unpriced = World([], routes=[route(**claude_at)])
    priced = World([ScriptedResponse(whole())], routes=[route(price=hourly, **claude_at)])

    served(MESSAGES, priced, asked)
    with pytest.raises(UnsupportedParameter) as refused:
        served(MESSAGES, unpriced, asked)

    assert priced.wallets.held[0] >= 5 * 10_000
    assert json.dumps(sent(priced)).count('"ttl": "1h"') == 1
    assert refused.value.param == place


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
