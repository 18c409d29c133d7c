"""Whatever a model says, in whatever order, its provider gets it back as it was: each dialect behind each client's.

The answer is what the dialect can say. It goes to a client, who gives it back with results of its calls, and what then
goes to the provider is compared, block by block, in the provider's own words.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.chat.from_client import read as read_chat
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import chat_event, provider, way
from tests.unit.proxy.dialects.citing_world import HI, TARGETS, as_given_back
from tests.unit.proxy.dialects.saying_world import DIALECTS, Dialect

JsonObject = dict[str, Any]
Said = list[JsonObject]

ABLE = frozenset({"chat", "tools", "vision", "reasoning", "toolsOverResponses", "onlyResponses"})


def asked(client: str, *said: JsonObject, results: int = 0) -> Ask:
    """A request of a client: a question, and what was said since then, with results of calls."""
    tool: JsonObject = {"name": "f", "description": "d"}
    schema: JsonObject = {"type": "object", "properties": {}}
    match client:
        case "chat":
            given = [{"role": "tool", "tool_call_id": f"t{n}", "content": f"r{n}"} for n in range(results)]
            turns = [HI, *said, *given, *([HI] if said else [])]
            function = {"type": "function", "function": tool | {"parameters": schema}}
            return read_chat(
                chat_event({"model": "mini", "max_tokens": 50, "tools": [function], "messages": turns})
            )
        case "messages":
            gave = [
                {"type": "tool_result", "tool_use_id": f"t{n}", "content": f"r{n}"} for n in range(results)
            ]
            turns = [
                HI,
                *said,
                *([{"role": "user", "content": [*gave, {"type": "text", "text": "hi"}]}] if said else []),
            ]
            tools = [tool | {"input_schema": schema}]
            return MESSAGES.read(
                chat_event({"model": "mini", "max_tokens": 50, "tools": tools, "messages": turns})
            )
        case _:
            outputs = [
                {"type": "function_call_output", "call_id": f"t{n}", "output": f"r{n}"}
                for n in range(results)
            ]
            tools = [tool | {"type": "function", "parameters": schema}]
            items = [HI, *said, *outputs, *([HI] if said else [])]
            return RESPONSES.read(
                chat_event({"model": "mini", "max_output_tokens": 50, "tools": tools, "input": items})
            )


def back_and_forth(client: str, target: str, said: Said, calls: int) -> Said:
    """What the provider gets back of what it said."""
    at = TARGETS[target]
    extensions = frozenset({"reasoning_details"} if target == "chat" else ())
    there = provider(protocol=at["protocol"], dialects=at.get("dialects", frozenset()), extensions=extensions)
    able = ABLE if target == "responses" else frozenset({"chat", "tools"})
    on = way(provider=there, upstream_model=at["model"], capabilities=able)
    lane = lanes.lane_of(asked(client), on.route.via)
    answer = json.loads(lane.wire.decode(DIALECTS[target].answer(said), Progress(model=at["model"])))
    again = asked(client, *as_given_back(client, answer), results=calls)
    lanes.check(again, on.route.via)
    lane = lanes.lane_of(again, on.route.via)
    body = json.loads(lane.adapter.encode(lanes.translated(again, on.route.via), on, "k").body)
    return DIALECTS[target].given_back(body)


def one_of_neighbours(said: Said, merged: Callable[[JsonObject, JsonObject], JsonObject | None]) -> Said:
    found: Said = []
    for block in said:
        one = merged(found[-1], block) if found else None
        found = [*found[:-1], one] if one is not None else [*found, block]
    return found


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_a_model_says_comes_back_to_it_as_it_was(client: str, target: str, data: st.DataObject) -> None:
    dialect = DIALECTS[target]
    calls = data.draw(st.integers(0, 3))
    said = data.draw(st.lists(dialect.talk, max_size=5))
    last = [dialect.call(n) for n in range(calls)] or [
        data.draw(dialect.talk.filter(lambda b: not _is_quiet(dialect, b)))
    ]
    if client == "chat" or target == "chat":  # a chat has words before calls
        said = [*said, *last]
    else:
        for block in last[:-1]:
            said.insert(data.draw(st.integers(0, len(said))), block)
        said = _in_their_order([*said, last[-1]], dialect, calls)

    found = back_and_forth(client, target, said, calls)

    expected = [block for block in said if not dialect.unsaid(block)]
    if target == "chat":
        order = ("format", "text", "function")
        expected.sort(key=lambda each: next(n for n, name in enumerate(order) if name in each))
    assert one_of_neighbours(found, dialect.merged) == one_of_neighbours(expected, dialect.merged)


def _is_quiet(dialect: Dialect, block: JsonObject) -> bool:
    """Whether an answer that ends with it says nothing after what came before."""
    return dialect.is_thought(block) or dialect.unsaid(block) or "format" in block


def _in_their_order(said: Said, dialect: Dialect, calls: int) -> Said:
    """The same, with the calls numbered as they stand: Gemini signs the first."""
    numbered = iter(range(calls))
    made = [dialect.call(n) for n in range(calls)]
    return [dialect.call(next(numbered)) if block in made else block for block in said]
