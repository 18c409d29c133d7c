"""Whatever tools run at a provider, in whatever tier, the hold covers what the provider may count of the request.

The provider is written here apart from the bound. It goes over what it has read once more after each call: what is new
is input, what it read before comes from its cache, and all of it together never fills more than the model's window.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.cost import cost_of
from aggregator.billing.price import Price, Tier, Usage
from aggregator.proxy.bound import bound_of, ways_within
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask, Route
from tests.fakes.chat_world import chat_event, provider, route

JsonObject = dict[str, Any]

WINDOW = 10_000
MOST_OUTPUT = 100

rates = st.integers(0, 9_000_000)
maybe = st.none() | rates
fees = st.integers(0, 50_000)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    def rated() -> Price:
        plain = draw(rates)
        cached = draw(st.none() | st.integers(0, plain))  # the catalogue has none dearer than input
        tiers = [
            Tier(above_input_tokens=edge, input=9_500_000, output=9_700_000, cached_input=draw(maybe))
            for edge in draw(st.lists(st.integers(1, 3 * WINDOW), max_size=2, unique=True))
        ]
        return Price("1", plain, draw(rates), cached, draw(maybe), tiers=tuple(tiers))

    names = ("code_interpreter", "web_fetch", "web_search", "web_search_preview")
    having = draw(st.lists(st.sampled_from(names), unique=True))
    return rated()._replace(
        request=draw(fees),
        tools=tuple(sorted((name, draw(fees)) for name in having)),
        service_tiers=(("flex", rated()), ("priority", rated())),
    )


caps = st.none() | st.integers(1, 60)


def of_responses(kinds: list[str], cap: int | None, tier: str | None) -> Ask:
    tools = [{"type": kind} for kind in kinds]
    said: JsonObject = {"model": "mini", "input": "hi", "max_output_tokens": MOST_OUTPUT, "tools": tools}
    return RESPONSES.read(chat_event(said | {"max_tool_calls": cap, "service_tier": tier}))


def of_messages(kinds: list[str], cap: int | None, _tier: str | None) -> Ask:
    tools = [{"type": kind, "name": kind, "max_uses": cap} for kind in kinds]
    messages = [{"role": "user", "content": "hi"}]
    return MESSAGES.read(
        chat_event({"model": "mini", "max_tokens": MOST_OUTPUT, "messages": messages, "tools": tools})
    )


asks = st.builds(
    of_responses,
    st.lists(
        st.sampled_from(["web_search", "web_search_preview", "code_interpreter"]), min_size=1, max_size=3
    ),
    caps,
    st.sampled_from([None, "flex", "priority"]),
) | st.builds(
    of_messages,
    st.lists(st.sampled_from(["web_search_20250305", "web_fetch_20250910"]), min_size=1, unique=True),
    caps,
    st.none(),
)


@dataclass(frozen=True)
class Provided:
    """What a provider made of a request: calls, each of which brought something to read, and its own choice of tier."""

    calls: list[tuple[str, int]]
    prompt: int
    is_written: bool
    output: int
    tier: str

    def counted(self) -> Usage:
        read, again = self.prompt, 0
        for _, found in self.calls:
            again += read
            read = min(read + found, WINDOW)
        names = [name for name, _ in self.calls]
        tools = {name: 1 if name == "code_interpreter" else names.count(name) for name in names}
        return Usage(
            input_tokens=read + again,
            cached_input_tokens=again,
            cache_write_tokens=read if self.is_written else 0,
            output_tokens=self.output,
            tools=tuple(sorted(tools.items())),
            service_tier=self.tier,
        )


@st.composite
def provided(draw: st.DrawFn, ask: Ask, on: Route, calls: int) -> Provided:
    """Any use of the tools that went out, within the cap that went with them."""
    assert ask.hosted is not None
    names = [tool.priced_as for tool in ask.hosted.tools if on.price.of_tool(tool.priced_as) is not None]
    found = st.integers(0, WINDOW)
    if on.provider.id == "openai":
        each = st.tuples(st.sampled_from(names), found)
        made = draw(st.lists(each, max_size=calls)) if names and calls else []
    else:
        most = {tool.priced_as: min(tool.most_calls or 5, calls) for tool in ask.hosted.tools}
        made = [(name, draw(found)) for name in names for _ in range(draw(st.integers(0, most[name])))]
    return Provided(
        made,
        draw(st.integers(1, 3)),
        draw(st.booleans()),
        draw(st.integers(0, MOST_OUTPUT)),
        draw(st.sampled_from(["", ask.service_tier])),
    )


def routed(ask: Ask, price: Price) -> Route:
    house = "openai" if ask.surface == "responses" else "anthropic"
    at = provider(house, dialects=frozenset({ask.surface}), house=True)
    return route(house, price=price, provider=at, max_input_tokens=WINDOW, max_output_tokens=MOST_OUTPUT)


@pytest.mark.promise("bound")
@given(ask=asks, price=prices(), data=st.data())
def test_no_use_of_tools_costs_more_than_the_hold(ask: Ask, price: Price, data: st.DataObject) -> None:
    on = routed(ask, price)
    hold = bound_of(ask, [on]).at_most_nano_usd
    way = ways_within(ask, [on], hold)[0]

    usage = data.draw(provided(ask, on, way.tool_calls)).counted()

    assert way.output_tokens == MOST_OUTPUT
    assert cost_of(usage, price) <= hold


@pytest.mark.promise("bound")
@given(ask=asks, price=prices(), data=st.data())
def test_where_less_is_held_the_caps_that_go_out_keep_within_it(
    ask: Ask, price: Price, data: st.DataObject
) -> None:
    on = routed(ask, price)
    bound = bound_of(ask, [on])
    held = data.draw(st.integers(bound.at_least_nano_usd, bound.at_most_nano_usd))
    way = ways_within(ask, [on], held)[0]

    made = data.draw(provided(ask, on, way.tool_calls))

    usage = replace(made, output=min(made.output, way.output_tokens)).counted()
    assert cost_of(usage, price) <= held
