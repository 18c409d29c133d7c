"""Messages in front of a provider that speaks Messages: what goes out is what came, and so is what comes back."""

import json
from typing import Any

import pytest
from anthropic.types import RawMessageStreamEvent
from pydantic import TypeAdapter

from aggregator.billing.price import Price
from aggregator.errors import UnsupportedParameter
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.messages.foreign import without_what_is_foreign
from aggregator.proxy.dialects.messages.from_client import taken
from aggregator.proxy.dialects.messages.native_request import check, encode
from aggregator.proxy.dialects.messages.tokens import estimated_tokens
from aggregator.proxy.edge import serve
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import CALLER, REQUEST_ID, ScriptedResponse, World, chat_event, route, visit, way

JsonObject = dict[str, Any]

CLAUDE: JsonObject = {
    "protocol": "anthropic",
    "base_url": "https://api.anthropic.example/v1",
    "dialects": frozenset({"messages"}),
    "house": True,
}
HI = [{"role": "user", "content": "hi"}]


def claude() -> Any:
    from tests.fakes.chat_world import provider  # noqa: PLC0415

    return provider("anthropic", **CLAUDE)


HOURLY = Price(version="1", input=1_000_000, output=2_000_000, cache_write_hour=2_000_000)


def sent(
    headers: JsonObject | None = None, output_tokens: int = 100, **fields: Any
) -> tuple[JsonObject, JsonObject]:
    """Body and headers that reach the provider."""
    event = chat_event({"model": "mini", "max_tokens": 100, "messages": HI} | fields)
    ask = MESSAGES.read(event | {"headers": headers or {}})
    out = way("anthropic", output_tokens, provider=claude(), price=HOURLY)
    request = encode(ask, out, "sk-1")
    return json.loads(request.body), dict(request.headers)


def sse(*events: JsonObject) -> bytes:
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events)


START = {
    "type": "message_start",
    "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 1},
    },
}  # fmt: skip
TEXT = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
WORDS = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}
TEXT_ENDS = {"type": "content_block_stop", "index": 0}
STOP = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 5},
}
END = {"type": "message_stop"}


def served(
    *blocks: bytes | Exception, available: int = 1_000_000, **fields: Any
) -> tuple[World, list[JsonObject]]:
    world = World([ScriptedResponse(*blocks)], [route("anthropic", provider=claude())], available)
    ask = MESSAGES.read(
        chat_event({"model": "mini", "max_tokens": 100, "messages": HI, "stream": True} | fields)
    )
    answer = walk(CALLER, ask, visit(world.clock), world.collaborators())
    events = b"".join(answer.chunks).decode().split("\n\n")[:-1]
    return world, [json.loads(event.partition("data: ")[2]) for event in events if "data: " in event]


@pytest.mark.unpublished("a_field_of_tomorrow")
def test_what_the_client_says_goes_out_in_its_order_under_the_provider_s_name() -> None:
    said: JsonObject = {
        "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {"role": "user", "content": "q1"},
            {"role": "system", "content": [{"type": "text", "text": "note", "cache_control": {"type": "ephemeral"}}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "first", "signature": "A"},
                {"type": "text", "text": "words"},
                {"type": "thinking", "thinking": "second", "signature": "B"},
                {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"q": "ø"}},
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [
                {"type": "tool_reference", "tool_name": "find"}]}]},
        ],
        "tools": [{"name": "find", "input_schema": {"type": "object"}, "defer_loading": True}],
        "metadata": {"user_id": "theirs"},
        "output_config": {"effort": "low", "task_budget": {"type": "tokens", "total": 5000}},
        "a_field_of_tomorrow": {"x": 1},
    }  # fmt: skip

    body, _ = sent(**said)

    assert body == {"model": "anthropic-mini", "max_tokens": 100} | said
    assert [*body] == ["model", "max_tokens", "messages", *[name for name in said if name != "messages"]]


def test_betas_and_version_go_along() -> None:
    _, headers = sent(
        {"Anthropic-Beta": "interleaved-thinking-2025-05-14", "anthropic-version": "2024-01-01"}
    )

    assert (headers["anthropic-beta"], headers["anthropic-version"]) == (
        "interleaved-thinking-2025-05-14",
        "2024-01-01",
    )


def test_a_client_without_a_version_gets_the_one_that_we_know() -> None:
    assert sent()[1]["anthropic-version"] == "2023-06-01"


def test_the_provider_learns_of_the_user_a_keyed_hash_alone() -> None:
    event = chat_event({"model": "mini", "max_tokens": 100, "messages": HI})
    told = [
        json.loads(
            encode(MESSAGES.read(event)._replace(user_id=user), way("anthropic", provider=claude()), key).body
        )["metadata"]["user_id"]
        for user, key in (("ann", "sk-1"), ("ann", "sk-1"), ("bob", "sk-1"), ("ann", "sk-2"))
    ]

    assert told[0] == told[1]
    assert len(set(told)) == 3
    assert all(len(each) == 32 and "ann" not in each for each in told)


@pytest.mark.parametrize("fields", [
    {"mcp_servers": []},
    {"fallbacks": []},
    {"container": None},
    {"billing_policy": {"type": "billing_policy", "bill_to": "self"}},
])  # fmt: skip
def test_a_field_that_asks_for_nothing_is_left_out(fields: JsonObject) -> None:
    assert sent(**fields)[0].keys() == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(("fields", "param"), [
    ({"mcp_servers": [{"type": "url", "url": "https://x", "name": "x"}]}, "mcp_servers"),
    ({"container": "container_1"}, "container"),
    ({"thread": {"type": "create"}}, "thread"),
    ({"fallbacks": [{"model": "claude-opus-5-5"}]}, "fallbacks"),
    ({"speed": "fast"}, "speed"),
    ({"inference_geo": "us"}, "inference_geo"),
    ({"fallback_credit_token": "t"}, "fallback_credit_token"),
    ({"user_profile_id": "p"}, "user_profile_id"),
    ({"compaction": {}}, "compaction"),
    ({"context_management": {"edits": [{"type": "compact_20260112"}]}}, "context_management.edits.0.type"),
])  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_name_before_money_is_held(
    fields: JsonObject, param: str
) -> None:
    ask = MESSAGES.read(chat_event({"model": "mini", "max_tokens": 100, "messages": HI} | fields))

    with pytest.raises(UnsupportedParameter) as refused:
        check(ask, way("anthropic", provider=claude()).route.via)

    assert refused.value.param == param


def test_a_field_that_nobody_knows_is_for_the_dialect_s_own_house_alone() -> None:
    ask = MESSAGES.read(chat_event({"model": "mini", "max_tokens": 9, "messages": HI, "of_tomorrow": 1}))
    elsewhere = route("other", provider=claude().__class__(**{**CLAUDE, "id": "other", "name": "Other", "house": False,
        "max_tokens_field": "max_tokens", "timeout_seconds": 9, "secret": "other"}))  # fmt: skip

    check(ask, way("anthropic", provider=claude()).route.via)
    with pytest.raises(UnsupportedParameter) as refused:
        check(ask, elsewhere.via)

    assert refused.value.param == "of_tomorrow"


def test_a_hosted_tool_that_is_only_declared_is_left_out_and_told() -> None:
    tools = [
        {"name": "f", "input_schema": {"type": "object"}},
        {"type": "web_search_20260318", "name": "web_search"},
    ]
    ask = MESSAGES.read(chat_event({"model": "mini", "max_tokens": 100, "messages": HI, "tools": tools}))

    request = encode(ask, way("anthropic", provider=claude()), None)

    assert json.loads(request.body)["tools"] == tools[:1]
    assert request.ignored == ("tools.web_search_20260318",)


def test_a_budget_of_thinking_fits_under_a_cap_that_was_lowered() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000}

    assert (
        sent(max_tokens=4000, thinking=thinking, output_tokens=1500)[0]["thinking"]["budget_tokens"] == 1499
    )
    assert (
        sent(max_tokens=4000, thinking=thinking, output_tokens=3000)[0]["thinking"]["budget_tokens"] == 2000
    )


def test_a_budget_that_spans_the_turn_stays_above_the_cap() -> None:
    body, _ = sent(
        {"anthropic-beta": "interleaved-thinking-2025-05-14"},
        max_tokens=2000, thinking={"type": "enabled", "budget_tokens": 10000}, output_tokens=2000,
    )  # fmt: skip

    assert (body["thinking"]["budget_tokens"], body["max_tokens"]) == (10000, 2000)


def test_a_stream_passes_as_it_came_with_the_receipt_in_its_last_usage() -> None:
    world, events = served(sse(START, TEXT, WORDS, TEXT_ENDS, STOP, END))

    assert events[:4] == [START, TEXT, WORDS, TEXT_ENDS]
    assert events[4]["delta"] == STOP["delta"]
    assert events[4]["usage"] == {
        "output_tokens": 5, "cost_usd": "0.00000011", "hold_usd": "0.000000395", "balance_usd": "0.00099989",
        "price_version": "1", "request_id": world.receipts[0].request_id, "estimated": False,
    }  # fmt: skip
    assert events[5:] == [END]
    for event in events:
        TypeAdapter(RawMessageStreamEvent).validate_python(event)


def test_what_the_provider_counted_is_charged_cache_and_all() -> None:
    world, _ = served(sse(START, TEXT, WORDS, TEXT_ENDS, STOP, END))

    usage = world.receipts[0].usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (100, 90, 5)
    assert world.steps[-1] == "emit completed"


def test_a_stream_that_breaks_is_told_as_messages_tells_it_and_charged_what_was_counted() -> None:
    world, events = served(sse(START, TEXT, WORDS), UpstreamError("gone"))

    assert events[-1]["type"] == "error"
    assert events[-1]["error"]["type"] == "api_error"
    assert world.receipts[0].outcome == "provider_cut"
    assert world.receipts[0].usage.input_tokens == 100


def test_a_plain_answer_passes_byte_for_byte() -> None:
    said = json.dumps({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_sequence": None,
        "content": [{"type": "thinking", "thinking": "a", "signature": "A"}, {"type": "text", "text": "é"},
                    {"type": "thinking", "thinking": "b", "signature": "B"}],
        "stop_reason": "model_context_window_exceeded", "usage": {"input_tokens": 3, "output_tokens": 2},
        "of_tomorrow": [1.0],
    }, indent=1).encode()  # fmt: skip
    world = World([ScriptedResponse(said)], [route("anthropic", provider=claude())])
    ask = MESSAGES.read(chat_event({"model": "mini", "max_tokens": 100, "messages": HI}))

    answer = walk(CALLER, ask, visit(world.clock), world.collaborators())

    assert b"".join(answer.chunks) == said
    assert answer.headers["x-aggregator-cost-usd"] == "0.000000007"


def test_messages_to_claude_is_a_native_lane_and_to_others_is_not() -> None:
    ask = MESSAGES.read(chat_event({"model": "mini", "max_tokens": 9, "messages": HI}))

    assert lanes.lane_of(ask, route("anthropic", provider=claude()).via, "r1").is_native
    assert not lanes.lane_of(ask, route().via, "r1").is_native


def test_a_system_that_only_claude_can_read_counts_its_words_and_not_its_pictures() -> None:
    picture = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo" * 400},
    }
    body = {
        "model": "mini",
        "system": "s" * 300,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, picture]}],
        "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    }

    ask = taken(body)

    assert ask.untranslated is not None
    assert (ask.images, ask.files) == (1, ())
    assert ask.text_bytes < 700
    assert 1700 < estimated_tokens(ask) < 1800


class AMinute:
    """A Lambda context with a minute left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def test_an_answer_that_came_as_it_was_names_its_request_as_anthropic_s_clients_read_it() -> None:
    world = World([ScriptedResponse(sse(START, TEXT, WORDS, TEXT_ENDS, STOP, END))])
    do = world.collaborators()._replace(route=lambda *_: [route("anthropic", provider=claude())])
    asked = {"model": "mini", "max_tokens": 100, "messages": HI, "stream": True}

    answer = serve(MESSAGES, lambda: do)(chat_event(asked, "/v1/messages"), AMinute())

    assert answer.status == 200
    assert answer.headers["request-id"] == answer.headers["x-request-id"] == REQUEST_ID


def test_thinking_that_another_model_sealed_stays_behind_when_a_conversation_goes_on_at_claude() -> None:
    own = {"type": "thinking", "thinking": "mine", "signature": "Eq4"}
    turns: list[JsonObject] = [
        {"role": "user", "content": "q1"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "Gemini's", "signature": "agg1.W10="},
            {"type": "thinking", "thinking": "an open model's", "signature": ""},
            {"type": "redacted_thinking", "data": "agg1.W10="},
            own,
            {"type": "text", "text": "a1"},
        ]},
        {"role": "user", "content": "q2"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "alone", "signature": "agg1.W10="}]},
        {"role": "user", "content": "q3"},
    ]  # fmt: skip

    went = without_what_is_foreign(turns, is_claude=True)

    assert without_what_is_foreign(turns[:1], is_claude=True) == turns[:1]
    assert (
        len(without_what_is_foreign(turns, is_claude=False)[1]["content"]) == 3
    )  # who signs nothing takes it back
    assert sent(messages=turns)[0]["messages"][3] == {"role": "user", "content": "q3"}
    assert went == [
        {"role": "user", "content": "q1"},
        {"role": "assistant", "content": [own, {"type": "text", "text": "a1"}]},
        {"role": "user", "content": "q2"},
        {"role": "user", "content": "q3"},
    ]


@pytest.mark.parametrize(
    ("model", "role"),
    [
        ("claude-opus-4-8", "system"),
        ("anthropic.claude-opus-4-8", "system"),
        ("claude-sonnet-5", "system"),
        ("deepseek-v4-pro", "system"),
        ("claude-opus-4-6", "user"),
        ("us.anthropic.claude-opus-4-6-v1", "user"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "user"),
        ("anthropic/claude-opus-4.6", "user"),
    ],
)
def test_a_system_turn_is_a_users_in_its_place_where_the_model_takes_none(model: str, role: str) -> None:
    marked = [{"type": "text", "text": "note", "cache_control": {"type": "ephemeral"}}]
    ask = MESSAGES.read(
        chat_event(
            {"model": "mini", "max_tokens": 100, "messages": [*HI, {"role": "system", "content": marked}]}
        )
    )

    request = encode(ask, way("anthropic", provider=claude(), upstream_model=model, price=HOURLY), "sk-1")

    assert json.loads(request.body)["messages"] == [*HI, {"role": role, "content": marked}]


@pytest.mark.parametrize("thinking", [{"type": "adaptive"}, {"type": "enabled", "budget_tokens": 1024}])
def test_a_forced_tool_beside_thinking_is_anthropics_to_judge_and_its_words_come_back(
    thinking: JsonObject,
) -> None:
    forced = {
        "model": "mini", "max_tokens": 2000, "messages": HI, "thinking": thinking,
        "tool_choice": {"type": "any"}, "tools": [{"name": "f", "input_schema": {"type": "object"}}],
    }  # fmt: skip
    said = "Thinking may not be enabled when tool_choice forces tool use."
    refused = json.dumps(
        {"type": "error", "error": {"type": "invalid_request_error", "message": said}}
    ).encode()
    world = World([ScriptedResponse(refused, status=400)])
    there = route("anthropic", provider=claude(), max_output_tokens=4000)
    do = world.collaborators()._replace(route=lambda *_: [there])

    served = serve(MESSAGES, lambda: do)(chat_event(forced, "/v1/messages"), AMinute())

    body = json.loads(world.upstream.requests[0].body)
    assert {name: body[name] for name in ("thinking", "tool_choice")} == {
        "thinking": thinking, "tool_choice": {"type": "any"},
    }  # fmt: skip
    told = json.loads(b"".join(served.chunks))
    assert (served.status, told["error"]["type"], told["error"]["message"]) == (
        400,
        "invalid_request_error",
        said,
    )
    assert [receipt.usage.output_tokens for receipt in world.receipts] == [0]
