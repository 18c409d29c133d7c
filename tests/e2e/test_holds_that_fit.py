"""Who can pay is served, over HTTP: large limits and long prompts on small accounts, and never a balance below zero."""

import time
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.caller import Reply, UserCaller, eventually
from tests.e2e.conftest import NewUser
from tests.races.crowd import crowd

OPUS = "claude-opus-4-8"


def message(user: UserCaller, text: str, *, max_tokens: int = 64_000, **more: Any) -> Reply:
    headers = more.pop("headers", {})
    body = {
        "model": OPUS,
        "max_tokens": max_tokens,
        "messages": [{"role": "user", "content": text}],
        **more,
    }
    return user.post("/v1/messages", body, **headers)


def test_hello_with_a_limit_of_64000_tokens_is_said_for_one_dollar(new_user: NewUser) -> None:
    user = new_user("1.00")

    reply = message(user, "Say hello")

    assert reply.status == 200, reply.body
    assert reply.headers["x-aggregator-capped"] == "balance"
    # Half of a dollar, without 161 tokens of input at 6.25 a million, is 19,959 tokens of output at 25 a million.
    assert reply.headers["x-aggregator-max-tokens"] == "19959"
    assert reply.headers["x-aggregator-hold-usd"] == "0.50"
    assert Decimal(user.balance_at_rest()["total"]) == 1 - Decimal(reply.headers["x-aggregator-cost-usd"])


def test_whoever_wants_no_cap_is_told_what_would_pass(new_user: NewUser) -> None:
    user = new_user("1.00")

    refused = message(user, "Say hello", headers={"x-aggregator-cap": "refuse"})
    most = refused.json["error"]["balance"]["most_max_tokens"]
    passed = message(user, "Say hello", max_tokens=most, headers={"x-aggregator-cap": "refuse"})

    assert refused.status == 402
    assert refused.json["error"] | {"message": "-", "request_id": "-"} == {
        "type": "billing_error",
        "message": "-",
        "code": "insufficient_quota",
        "param": None,
        "request_id": "-",
        "balance": {
            "needed_usd": "1.60100625",
            "available_usd": "1.00",
            "held_usd": "0.00",
            "held_until": None,
            "most_max_tokens": 39_959,
        },
    }
    assert passed.status == 200, passed.body
    assert "x-aggregator-capped" not in passed.headers


def test_a_key_may_want_no_cap_and_a_request_of_it_one(new_user: NewUser) -> None:
    user = new_user("1.00", cap="refuse")

    statuses = [
        message(user, "Say hello", headers=headers).status for headers in ({}, {"x-aggregator-cap": "lower"})
    ]

    assert statuses == [402, 200]


def test_four_prompts_of_160_kb_at_once_are_served_by_five_dollars(new_user: NewUser) -> None:
    user = new_user("5.00")
    replies: list[Reply] = []

    def ask(_thread: int, number: int) -> None:
        """Again after a refusal: a machine too busy to count within two seconds bounds by bytes, which hold more."""
        for _ in range(30):
            reply = message(user, f"{number} " + "word " * 32_000)
            if reply.status == 200:
                break
            time.sleep(0.5)
        replies.append(reply)

    crowd(4, range(4), ask)

    assert [reply.status for reply in replies] == [200] * 4, [reply.body[:500] for reply in replies]
    spent = sum(Decimal(reply.headers["x-aggregator-cost-usd"]) for reply in replies)
    assert Decimal(user.balance_at_rest()["total"]) == 5 - spent
    assert spent < Decimal("1.00")


TOOLS = [
    {
        "name": f"tool_{number}",
        "description": "what it does, and when not to use it; " * 100,
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}},
    }
    for number in range(20)
]


@pytest.mark.parametrize("stream", [False, True])
def test_a_coding_agents_defaults_are_served_by_a_few_dollars(new_user: NewUser, stream: bool) -> None:
    user = new_user("3.33")
    system = [
        {
            "type": "text",
            "text": "be a good agent " * 8_000,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    ]

    reply = message(
        user,
        "say hello, and call no tool [[standin no-tool]]",
        system=system,
        tools=TOOLS,
        thinking={"type": "adaptive"},
        stream=stream,
    )

    assert reply.status == 200, reply.body
    assert reply.headers["x-aggregator-capped"] == "balance"
    assert int(reply.headers["x-aggregator-max-tokens"]) > 20_000


def test_a_quote_says_what_the_request_then_gets_and_holds_nothing(new_user: NewUser) -> None:
    user = new_user("1.00")
    body = {"model": OPUS, "max_tokens": 64_000, "messages": [{"role": "user", "content": "Say hello"}]}

    quote = user.post("/v1/quote?for=/v1/messages", body)
    before = user.balance()
    reply = user.post("/v1/messages", body)

    assert quote.status == 200, quote.body
    assert (before["available"], before["held"]) == ("1.00", "0.00")
    first = quote.json["routes"][0]
    assert (quote.json["hold_usd"], first["bound_usd"], first["max_tokens"], first["capped"]) == (
        "0.50", "1.60100625", 19_959, "balance",
    )  # fmt: skip
    assert first["price_version"] == reply.headers["x-aggregator-price-version"]
    assert reply.headers["x-aggregator-hold-usd"] == "0.50"
    assert reply.headers["x-aggregator-max-tokens"] == "19959"
    assert (quote.json["history"], first["expected_usd"]) == ({"requests": 0, "output_tokens": None}, None)

    again = eventually(
        lambda: user.post("/v1/quote?for=/v1/messages", body).json,
        lambda quote: quote["history"]["requests"] == 1,
    )
    tokens = reply.json["usage"]["output_tokens"]
    assert again["history"] == {"requests": 1, "output_tokens": {"median": tokens, "p90": tokens}}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}, "/v1/chat/completions"),
        ({"model": "gpt-4o-mini", "input": "hi"}, "/v1/responses"),
        ({"model": "text-embedding-3-small", "input": "hi"}, "/v1/embeddings"),
    ],
)
def test_every_dialect_is_quoted(new_user: NewUser, body: dict[str, Any], path: str) -> None:
    quote = new_user("1.00").post("/v1/quote", body)

    assert (quote.status, quote.json["for"]) == (200, path), quote.body
    assert quote.json["hold_usd"] == quote.json["routes"][0]["bound_usd"]


def test_a_quote_wants_the_scope_of_the_request(new_user: NewUser) -> None:
    refused = new_user("1.00", scopes=["billing:read"]).post(
        "/v1/quote", {"model": OPUS, "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    )

    assert (refused.status, refused.json["error"]["code"]) == (403, "missing_scope")
