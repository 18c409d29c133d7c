"""What is sent upstream is judged by the providers' published types, and a test that sends anything else fails."""

import json
from typing import Any

import pytest

from aggregator.proxy.exchange import UpstreamRequest
from tests.fakes.chat_world import JsonObject
from tests.judge import plugin
from tests.judge.judging import misfits

CHAT = "https://api.openai.com/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
MESSAGES = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent"
CONVERSE = "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse"
EMBEDDINGS = "https://api.openai.com/v1/embeddings"

HI = [{"role": "user", "content": "hi"}]
GOOD: dict[str, JsonObject] = {
    CHAT: {"model": "m", "messages": HI},
    RESPONSES: {"model": "m", "input": HI},
    MESSAGES: {"model": "m", "max_tokens": 9, "messages": HI},
    GEMINI: {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    CONVERSE: {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
    EMBEDDINGS: {"model": "m", "input": "hi"},
}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "args": "{}"}}
BROKEN: list[tuple[str, JsonObject, str]] = [
    (CHAT, {"top_p": "1"}, "top_p: Input should be a valid number"),
    (CHAT, {"seeds": 1}, "seeds: Extra inputs are not permitted"),
    (
        CHAT,
        {"messages": [{"role": "assistant", "tool_calls": [CALL]}]},
        "messages.0.tool_calls.0.function.arguments: Field required",
    ),
    (
        RESPONSES,
        {"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]},
        "input.0.call_id: Field required",
    ),
    (
        MESSAGES,
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        "messages.0.content.0.text: Field required",
    ),
    (MESSAGES, {"thinking": {"type": "enabled"}}, "thinking.budget_tokens: Field required"),
    (
        MESSAGES,
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "index": 0}]}]},
        "messages.0.content.0.index: Extra inputs are not permitted",
    ),
    (
        GEMINI,
        {"generationConfig": {"maxTokens": 9}},
        "generationConfig.maxTokens: Extra inputs are not permitted",
    ),
    (
        GEMINI,
        {"contents": [{"parts": [{"text": 1}]}]},
        "contents.0.parts.0.text: Input should be a valid string",
    ),
    (
        CONVERSE,
        {"inferenceConfig": {"maxTokens": "9"}},
        "Invalid type for parameter inferenceConfig.maxTokens",
    ),
    (CONVERSE, {"stream": True}, 'Unknown parameter in input: "stream"'),
    (EMBEDDINGS, {"dimensions": "3"}, "dimensions: Input should be a valid integer"),
]


@pytest.mark.parametrize("url", GOOD)
def test_a_request_of_the_published_type_fits(url: str) -> None:
    assert misfits(url, json.dumps(GOOD[url]).encode()) == ()


@pytest.mark.parametrize(("url", "changes", "told"), BROKEN)
def test_a_request_that_is_not_of_the_type_is_told_by_its_field(
    url: str, changes: JsonObject, told: str
) -> None:
    found = misfits(url, json.dumps(GOOD[url] | changes).encode())

    assert [each for each in found if each.startswith(told)]


def test_a_field_may_be_sent_on_purpose_that_nobody_has_published() -> None:
    body = json.dumps(GOOD[CHAT] | {"of_tomorrow": 1}).encode()

    assert misfits(CHAT, body, frozenset({"of_tomorrow"})) == ()
    assert misfits(CHAT, body) == ("of_tomorrow: Extra inputs are not permitted",)


def test_a_test_that_sends_a_misfit_fails_though_it_passed(request: pytest.FixtureRequest) -> None:
    running = plugin.pytest_runtest_call(request.node)
    next(running)

    UpstreamRequest(CHAT, {}, json.dumps(GOOD[CHAT] | {"seeds": 1}).encode(), 1.0)
    with pytest.raises(AssertionError, match="seeds: Extra inputs are not permitted"):
        running.send(None)

    plugin.sent.clear()


def test_a_test_that_sends_what_fits_passes(request: pytest.FixtureRequest) -> None:
    running: Any = plugin.pytest_runtest_call(request.node)
    next(running)

    UpstreamRequest(CHAT, {}, json.dumps(GOOD[CHAT]).encode(), 1.0)
    with pytest.raises(StopIteration):
        running.send(None)
