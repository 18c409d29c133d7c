"""Counting tokens: an estimate that is rather too high, asked of nobody."""

import json
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.count_tokens import counting
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.messages.from_client import taken
from aggregator.proxy.dialects.messages.tokens import estimated_tokens
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import NOW, REQUEST_ID, chat_event

JsonObject = dict[str, Any]

ASKED: JsonObject = {"model": "mini", "messages": [{"role": "user", "content": "hi"}]}


def catalogue(**fields: Any) -> Catalogue:
    model: JsonObject = {
        "id": "mini",
        "contextWindow": 1_000,
        "maxInputTokens": 1_000,
        "maxOutputTokens": 100,
        "capabilities": ["chat"],
        "prices": [],
        "routes": [],
    }
    return Catalogue({"providers": {}, "models": {"mini": model | fields}, "aliases": {}}, 1)


def answered(asked: JsonObject, caller: Caller | None = None, **fields: Any) -> StreamingResponse:
    event = chat_event(ASKED | asked, "/v1/messages/count_tokens")
    if caller is not None:
        event["requestContext"]["authorizer"] = caller.to_context()
    return counting(MESSAGES, taken, estimated_tokens, lambda _now: catalogue(**fields))(event, None)


def counted(**asked: Any) -> int:
    answer = answered(asked)
    said: JsonObject = json.loads(b"".join(answer.chunks))
    assert (answer.status, list(said)) == (200, ["input_tokens"])
    found: int = said["input_tokens"]
    return found


def test_a_request_is_counted_without_a_limit() -> None:
    assert counted() == 10
    assert counted(max_tokens=50, stream=True) == 10


def test_a_text_counts_a_token_for_three_bytes() -> None:
    assert counted(messages=[{"role": "user", "content": "abc" * 100}]) == 100 + 2 + 8
    assert counted(messages=[{"role": "user", "content": "ü" * 150}]) == 100 + 2 + 8


def test_a_tool_an_image_and_a_file_add_to_it() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 90_000}}
    pdf = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "A" * 16_000},
    }

    assert counted(tools=[{"name": "f", "input_schema": {}}]) == 546
    assert counted(messages=[{"role": "user", "content": [image]}]) == 2 + 8 + 1_600
    assert 1_000 < counted(messages=[{"role": "user", "content": [pdf]}]) < 1_020


def test_the_answer_names_the_request() -> None:
    assert answered({}).headers["request-id"] == REQUEST_ID


@pytest.mark.parametrize(
    ("asked", "fields", "caller", "status"),
    [
        ({"messages": []}, {}, None, 400),
        ({"model": "other"}, {}, None, 404),
        ({}, {"maxOutputTokens": 0}, None, 404),
        ({}, {}, Caller("k", "ann", scopes=()), 403),
        ({}, {}, Caller("k", "ann", allowed_models=("other",)), 403),
        ({}, {}, Caller("k", "ann", allowed_ips=("10.0.0.0/8",)), 403),
        ({}, {}, Caller("k", "ann", expires_at=NOW.replace(year=2020)), 401),
    ],
)
def test_what_may_not_be_asked_may_not_be_counted(
    asked: JsonObject, fields: JsonObject, caller: Caller | None, status: int
) -> None:
    answer = answered(asked, caller, **fields)

    assert answer.status == status
    assert json.loads(b"".join(answer.chunks))["type"] == "error"
