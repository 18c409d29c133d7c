"""Whatever is sent to our own calls, the answer is a JSON envelope below 500: the same inputs at every run."""

import json
import random
from typing import Any

import pytest

from aggregator.auth.authorise import ADMIN_CALLER
from tests.integration.own_calls.platform import OWN_CALLS, OwnCall, Platform

ROUNDS = 60
TEXTS = (
    "", " ", ".", "..", "a" * 300, "x" * 1_100, "\ud800", "\x00", "\r\n", "😀" * 255, "é", "=1+1", "NaN", "null",
    "true", "1e999", "-1", "0", "9" * 40, "2026-13-45", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "\N{ARABIC-INDIC DIGIT ONE}", "%2F", "../..", "{}", "[]", "*", "gpt-4o-mini", "openai", "ann", "1vQ8Zk7pQ2xA",
    "5.00", "https://[::1", "https://h:99999/",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**63, 10**400, 1.5, 1e308, -0.0, [], {}, [[]], [None], {"": None}, {"a": {"b": []}},
    ["a"] * 200, [0] * 1_000, *TEXTS,
)  # fmt: skip
HEADERS = ("Content-Type", "Accept", "If-Match", "Idempotency-Key", "Authorization", "x-aggregator-strategy")


def spoilt(value: Any, rng: random.Random) -> Any:
    """The value with one part of it replaced, taken away or added."""
    match value:
        case dict() if value and rng.random() < 0.8:
            name = rng.choice(list(value))
            kept = {each: part for each, part in value.items() if each != name}
            match rng.randrange(4):
                case 0:
                    return kept
                case 1:
                    return {**value, rng.choice(TEXTS): rng.choice(VALUES)}
                case _:
                    return {**kept, name: spoilt(value[name], rng)}
        case list() if value and rng.random() < 0.8:
            return [spoilt(each, rng) for each in value] * rng.choice([1, 1, 2, 30])
        case _:
            return rng.choice(VALUES)


def text_of(body: Any, rng: random.Random) -> str | None:
    """A body as text, sometimes no JSON, or JSON that means two things."""
    text = json.dumps(body)
    match rng.randrange(10):
        case 0:
            return text[: rng.randrange(len(text) + 1)]
        case 1:
            deep = rng.choice([31, 33, 900, 5_000, 50_000])
            return rng.choice(["[" * deep + "]" * deep, '{"a":' * deep + "0" + "}" * deep, "[" * deep])
        case 2 if text.startswith("{") and len(text) > 2:
            return text[:-1] + "," + text[1:]
        case 3:
            return text.replace("0", rng.choice(["NaN", "1e999", "-Infinity", "00"]), 1)
        case 4:
            return rng.choice(TEXTS)
        case _:
            return text


def all_fields(call: OwnCall) -> Any:
    """A body with every field that the call knows."""
    key = {
        "name": "x", "scopes": ["inference"], "expiresAt": "2030-01-01T00:00:00Z", "allowedModels": ["gpt-4o*"],
        "allowedIps": ["192.0.2.0/24"], "limits": {"requestsPerMinute": 5, "dailyBudget": "5.00"},
        "pricePercent": 110, "aliases": {"fast": "gpt-4o-mini"}, "cacheSeconds": 5, "cap": "refuse",
    }  # fmt: skip
    price = {
        "version": "v9", "effectiveAt": "2030-01-01T00:00:00Z", "input": "1", "output": "2", "cachedInput": "0.5",
        "image": "0.1", "tiers": [{"aboveInputTokens": 5, "input": "2", "output": "3"}], "source": "x",
    }  # fmt: skip
    more: dict[str, dict[str, Any]] = {
        "auth/create_api_key": key,
        "auth/update_api_key": key,
        "auth/rotate_api_key": {"overlapSeconds": 5},
        "billing/create_transaction": {"currency": "USD", "description": "x", "type": "refund", "refersTo": "y"},
        "orchestrator/put_model": {
            "displayName": "x", "strategy": "cheapest", "retiresAt": "2030-01-01", "price": price, "maxImageTokens": 5,
            "routes": [{"provider": "openai", "upstreamModel": "x", "weight": 1, "order": 1, "price": price}],
        },
        "orchestrator/put_provider": {
            "name": "x", "protocol": "openai", "timeoutSeconds": 5, "keyHeader": "api-key", "unsupported": ["seed"],
            "onlyValues": {"n": [1]}, "rename": {"a": "b"}, "extensions": ["c"], "secret": "s", "keyless": True,
        },
        "orchestrator/put_alias": {"strategy": "latency"},
    }  # fmt: skip
    return {**(call.body or {}), **more.get(call.function, {})}


@pytest.mark.parametrize("call", OWN_CALLS, ids=str)
def test_no_request_is_answered_by_a_500(platform: Platform, call: OwnCall) -> None:
    rng = random.Random(call.function)
    for number in range(ROUNDS):
        body = (
            text_of(spoilt(all_fields(call), rng), rng)
            if call.body is not None
            else rng.choice([None, "{", "x"])
        )
        query = {rng.choice([*call.query, *TEXTS[:4]]): rng.choice(TEXTS) for _ in range(rng.randrange(3))}
        path = {name: rng.choice([value, value, rng.choice(TEXTS)]) for name, value in call.path.items()}
        headers = {rng.choice(HEADERS): rng.choice(TEXTS) for _ in range(rng.randrange(2))}
        by = ADMIN_CALLER if number % 4 else platform.key("inference")

        said = platform.call(call, by, body=body, query=query, path=path, headers=headers)

        sent = json.dumps([body, query, path, headers])[:2_000]
        assert said.status < 500, sent
        if number % 4 == 0:
            assert said.status in {401, 403, 404}, sent
        if said.status >= 400:
            assert said.body["error"]["request_id"] == said.headers["x-request-id"], sent
