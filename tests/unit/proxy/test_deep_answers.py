"""A provider's JSON that is nested without end is a failure of that provider: the next route is tried."""

import json
from typing import Any

import pytest

from aggregator.errors import ProviderFailed
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ScriptedResponse,
    World,
    ask,
    chunk,
    completion,
    counted,
    provider,
    route,
    usage_event,
    visit,
)

FAR = pytest.mark.parametrize("levels", [200, 980, 50_000])


def deep(levels: int) -> str:
    return '{"choices":' + "[" * levels + "]" * levels + "}"


def world(first: ScriptedResponse, last: ScriptedResponse, protocol: str) -> World:
    at = provider("first", protocol=protocol)
    routes = [route("first", provider=at, upstream_model="claude-opus-4-8"), route("last")]
    return World([first, last], routes=routes)


def answered(there: World, **fields: Any) -> bytes:
    return b"".join(walk(CALLER, ask(**fields), visit(there.clock), there.collaborators()).chunks)


@FAR
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini", "bedrock"])
def test_a_deep_answer_falls_back(protocol: str, levels: int) -> None:
    there = world(
        ScriptedResponse(deep(levels).encode()),
        ScriptedResponse(completion("hello", counted(1, 1))),
        protocol,
    )

    said = json.loads(answered(there))

    assert said["choices"][0]["message"]["content"] == "hello"
    assert [(receipt.route.provider.id, receipt.status) for receipt in there.receipts] == [("last", 200)]


@FAR
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
def test_a_deep_first_event_of_a_stream_falls_back(protocol: str, levels: int) -> None:
    event = b'data: {"type": "x", "usage": {}, "error": ' + deep(levels).encode() + b"}\n\n"
    there = world(
        ScriptedResponse(event), ScriptedResponse(chunk("hello", "stop"), usage_event(), DONE), protocol
    )

    said = answered(there, stream=True)

    assert b"hello" in said
    assert there.receipts[-1].route.provider.id == "last"


@FAR
def test_deep_errors_and_no_other_route_are_told_as_the_providers_failure(levels: int) -> None:
    response = ScriptedResponse(deep(levels).encode(), status=500)
    there = World([response, response])

    with pytest.raises(ProviderFailed):
        answered(there)

    assert [receipt.outcome for receipt in there.receipts] == ["provider_error"]
