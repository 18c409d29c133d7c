"""How a stream ends: whole, whatever its connection does then; or cut, in whatever form its provider says so."""

import json
from typing import Any

import pytest

from aggregator.proxy.call import NobodyWatches
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ScriptedResponse,
    World,
    ask,
    chunk,
    provider,
    route,
    usage_event,
    visit,
)

BROKEN = UpstreamError("IncompleteRead")
TOO_LATE = UpstreamError("TimeoutError", timed_out=True)


class Watch(NobodyWatches):
    """Notes the routes that failed."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def failed(self, route: Route, ask: Ask, seconds: float) -> bool:  # noqa: ARG002 (as the protocol has it)
        self.failures.append(f"{route.name} for {ask.model}")
        return False


def told(
    *blocks: bytes | Exception, protocol: str = "openai"
) -> tuple[World, ScriptedResponse, bytes, list[str]]:
    """The walk, its provider's answer, what the client got, and the routes that count as failed."""
    response, watch = ScriptedResponse(*blocks), Watch()
    at = route(protocol, provider=provider(protocol, protocol=protocol))
    world = World([response], routes=(at,), available=10**12)
    do = world.collaborators()._replace(watch=watch)
    body = b"".join(walk(CALLER, ask(stream=True), visit(world.clock), do).chunks)
    return world, response, body, watch.failures


def events(*said: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in said)


WHOLE: dict[str, tuple[bytes, ...]] = {
    "openai": (chunk("hey"), chunk("", "stop"), usage_event(10, 5), DONE),
    "anthropic": (
        events(
            {
                "type": "message_start",
                "message": {"id": "m", "usage": {"input_tokens": 10, "output_tokens": 1}},
            },
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "hey"}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ),
    ),
    "gemini": (
        events(
            {
                "candidates": [{"content": {"parts": [{"text": "hey"}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5},
            }
        ),
    ),
}


@pytest.mark.parametrize("protocol", WHOLE)
@pytest.mark.parametrize(
    "then", [BROKEN, TOO_LATE, b'data: {"half', events({"error": {"message": "late"}}), b""]
)
def test_an_answer_with_its_end_mark_is_whole_whatever_comes_then(
    protocol: str, then: bytes | Exception
) -> None:
    world, response, body, failures = told(*WHOLE[protocol], then, protocol=protocol)

    (receipt,) = world.receipts
    assert (receipt.outcome, receipt.usage.output_tokens, receipt.usage.estimated) == ("completed", 5, False)
    assert b'"error"' not in body
    assert body.endswith(DONE)
    assert (failures, response.closed, response.released) == ([], False, True)


@pytest.mark.parametrize("then", [BROKEN, TOO_LATE, b'data: {"half'])
def test_an_answer_that_ended_but_for_its_count_is_whole_too(then: bytes | Exception) -> None:
    world, response, body, failures = told(chunk("hey", "stop"), then)

    assert (world.receipts[0].outcome, world.receipts[0].usage.estimated) == ("completed", True)
    assert body.endswith(DONE)
    assert (failures, response.closed) == ([], True)


CUTS: list[bytes] = [
    b'data: {"choices":[{"index":0,"delta":{"content":"wor',
    b'data: {"choices":[{"index":0,"delta":{"content":"x"}}',
    b'data: {"choices":[{"index":0,"delta":{"content":"wor\n\n',
    events({"object": "error", "message": "overloaded", "code": 40303}),
    events({"detail": "Internal error"}),
    events({"detail": [{"msg": "no"}]}),
    events({"code": 500}),
    events({"code": "internal", "message": "sk-secret"}),
    events({"type": "error", "message": "no"}),
    events({"status": "error", "message": "no"}),
    events({"errors": ["no"]}),
    b'data: {"error" : {"message": "no"}}\n\n',
    b'data: { "error":"no"}\n\n',
    b'event: error\ndata: {"message": "no"}\n\n',
    b'event: error\ndata: {"msg": "no"}\n\n' + DONE,
    b'id: 7\nevent:error\ndata: {"choices": []}\n\n' + DONE,
    events({"error_code": 336_100, "error_msg": "no"}) + DONE,
    events({"errorMessage": "no"}) + DONE,
    events({"success": False}) + DONE,
    events({"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}),
    events(
        {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": None, "error": {"code": 502}}]}
    ),
    events({"choices": [], "x_groq": {"error": "over capacity"}}),
    b"data: <html>\n\n",
    b"<html>\n\n",
    b"data: [1]\n\n",
    b"",
]


@pytest.mark.parametrize("cut", CUTS)
def test_a_failure_in_whatever_form_ends_a_stream_as_cut(cut: bytes) -> None:
    world, response, body, failures = told(chunk("hello wo"), cut)

    said = json.loads(body.split(b"\n\n")[-2].removeprefix(b"data: "))
    assert (world.receipts[0].outcome, world.receipts[0].usage.output_tokens) == ("provider_cut", 2)
    assert said["error"]["code"] == "provider_error"
    assert DONE not in body
    assert b"sk-secret" not in body
    assert failures == ["openai/openai-mini for mini"]
    assert response.closed


@pytest.mark.parametrize("protocol", ["anthropic", "gemini"])
@pytest.mark.parametrize(
    "cut",
    [
        b'data: {"half',
        events({"error": "no"}),
        events({"detail": "Internal error"}),
        events({"code": 500, "message": "no"}),
        events({"type": "error", "error": {"type": "api_error"}}),
        b"<html>\n\n",
    ],
)
def test_the_same_in_every_other_protocol(protocol: str, cut: bytes) -> None:
    began = {
        "anthropic": events(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "hello wo"}}
        ),
        "gemini": events({"candidates": [{"content": {"parts": [{"text": "hello wo"}]}}]}),
    }[protocol]

    world, _, body, failures = told(began, cut, protocol=protocol)

    assert (world.receipts[0].outcome, world.receipts[0].usage.output_tokens) == ("provider_cut", 2)
    assert b'"code":"provider_error"' in body
    assert DONE not in body
    assert len(failures) == 1
