"""A client that leaves a translated stream leaves the walk's: the provider is hung up on, and usage is emitted once."""

import json
from typing import Any

import pytest

from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.dialects.surface import Surface
from aggregator.runtime.streaming import buffered
from tests.fakes.chat_world import DONE, ScriptedResponse, World, chunk, usage_event
from tests.unit.proxy.dialects.surface_world import served

JsonObject = dict[str, Any]

ASKED: dict[str, JsonObject] = {
    "responses": {"model": "mini", "input": "hi", "stream": True},
    "messages": {
        "model": "mini",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
    },
}

both = pytest.mark.parametrize("surface", [RESPONSES, MESSAGES], ids=lambda each: each.name)


def a_stream() -> tuple[World, ScriptedResponse]:
    provider = ScriptedResponse(chunk("he"), chunk("y"), chunk("!", "stop"), usage_event(10, 5), DONE)
    return World([provider]), provider


@both
def test_a_client_that_leaves_in_mid_stream_is_settled_as_gone(surface: Surface) -> None:
    world, provider = a_stream()

    answer = served(surface, world, ASKED[surface.name])
    next(iter(answer.chunks))
    answer.close()

    assert world.steps == ["route", "reserve", "call", "emit client_gone"]
    assert provider.closed
    assert world.receipts[0].usage.estimated


@both
def test_a_client_that_leaves_before_the_first_event_is_settled_as_gone(surface: Surface) -> None:
    world, provider = a_stream()

    served(surface, world, ASKED[surface.name]).close()

    assert world.steps == ["route", "reserve", "call", "emit client_gone"]
    assert provider.closed


@both
def test_a_stream_that_was_read_to_its_end_is_settled_once_and_closes_in_peace(surface: Surface) -> None:
    world, _ = a_stream()

    answer = served(surface, world, ASKED[surface.name])
    list(answer.chunks)
    answer.close()
    answer.close()

    assert world.steps == ["route", "reserve", "call", "emit completed"]
    assert world.receipts[0].cost_nano_usd == 20


@both
def test_after_closing_nothing_more_comes(surface: Surface) -> None:
    world, _ = a_stream()

    answer = served(surface, world, ASKED[surface.name])
    chunks = iter(answer.chunks)
    next(chunks)
    answer.close()

    assert list(chunks) == []


@both
def test_where_nobody_streams_the_events_come_in_one_piece(surface: Surface) -> None:
    world, _ = a_stream()

    body = buffered(served(surface, world, ASKED[surface.name]))["body"]

    assert body.count("event: ") == body.count("\n\n")
    assert json.loads(body.rstrip("\n").rsplit("data: ", 1)[1])["type"] in (
        "response.completed",
        "message_stop",
    )
    assert world.steps[-1] == "emit completed"


@both
def test_a_stream_that_came_to_its_end_is_told_from_one_that_was_cut(surface: Surface) -> None:
    whole, _ = a_stream()
    cut = World([ScriptedResponse(chunk("he"))])

    *_, last = served(surface, whole, ASKED[surface.name]).chunks
    *_, cut_off = served(surface, cut, ASKED[surface.name]).chunks

    assert surface.is_whole(last)
    assert not surface.is_whole(cut_off)
