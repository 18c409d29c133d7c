"""Tools that run at a provider: which a request has, what they can cost on a route, and what becomes of them.

| the tool is | its price on the route   | becomes                                                               |
|-------------|--------------------------|-----------------------------------------------------------------------|
| declared    | is there, and is covered | goes out with a cap on its calls; what is counted of them is charged  |
| declared    | is not, or not covered   | left out and told (`x-aggregator-ignored: tools.web_search`)          |
| demanded    | is there                 | goes out; a 402 if not even one call is covered                       |
| demanded    | is not                   | refused by name, before money is held                                 |

On translated lanes no such tool has a price. Each dialect says in its `hosted.py` which tools it has, how they are
capped, and where their calls are counted. Imported only for requests that have such tools. Standard library only.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price
from aggregator.errors import JsonObject, UnsupportedParameter
from aggregator.proxy.dialects.lanes import is_native
from aggregator.proxy.model import Ask, Route

USUAL_CALLS = 5
"""How often a tool may be called where the client set no cap: a question seldom takes more searches."""

MOST_CALLS = 50
"""The highest cap: each call is held for, and so is what the model reads again after it."""


@dataclass(frozen=True, slots=True)
class HostedTool:
    """One such tool: the client's word for it, its name in a price, and under which word answers count its calls.

    `priced_as` is empty for what has no price anywhere. `most_calls` is the client's cap on this tool. `once`: it is
    paid for once, however often it is called (a container).
    """

    kind: str
    priced_as: str
    counted_as: str = ""
    most_calls: int | None = None
    once: bool = False

    @property
    def cap(self) -> int:
        """Calls at the most, ours where the client set no cap."""
        return _cap(self.most_calls)


@dataclass(frozen=True, slots=True)
class Hosted:
    """All such tools of a request. `demanded` are the kinds of which one must be used, if any must.

    `together`: one cap, `most_calls`, holds for all calls; else each tool has its own.
    """

    tools: tuple[HostedTool, ...]
    demanded: frozenset[str] = frozenset()
    together: bool = False
    most_calls: int | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """What is told where all of them are left out."""
        return tuple(f"tools.{tool.kind}" for tool in self.tools)

    @property
    def asked_calls(self) -> int | None:
        """The client's own cap, the highest if there are several; None if any tool has none."""
        caps = [self.most_calls] if self.together else [tool.most_calls for tool in self.tools]
        said = [cap for cap in caps if cap is not None]
        return max(said) if len(said) == len(caps) else None

    def refusal(self) -> UnsupportedParameter:
        """Of a demand that cannot be met."""
        kind = next(tool.kind for tool in self.tools if tool.kind in self.demanded)
        return UnsupportedParameter(f"tools: '{kind}' is not offered here", param="tools")


def offered(ask: Ask, route: Route) -> tuple[HostedTool, ...]:
    """The request's hosted tools that a route has a price for; none where its dialect is another."""
    if ask.hosted is None or not is_native(ask, route.via):
        return ()
    return tuple(tool for tool in ask.hosted.tools if route.price.of_tool(tool.priced_as) is not None)


def calls_on(ask: Ask, route: Route) -> tuple[int, int]:
    """The fewest calls that serve the request on a route, and the most that it may make (of each, or of all)."""
    tools = offered(ask, route)
    if ask.hosted is None or not tools:
        return 0, 0
    least = 1 if any(tool.kind in ask.hosted.demanded for tool in tools) else 0
    return least, _cap(ask.hosted.most_calls) if ask.hosted.together else max(tool.cap for tool in tools)


def calls_in_all(ask: Ask, route: Route, calls: int) -> int:
    """How many calls there can be with a cap of `calls`."""
    if ask.hosted is None or ask.hosted.together:
        return calls
    return sum(min(calls, tool.cap) for tool in offered(ask, route))


def most_fees(ask: Ask, route: Route, calls: int) -> NanoUsd:
    """What all calls can cost at the most, with a cap of `calls`."""
    tools = offered(ask, route)
    fees = sum(_fee(tool, route.price) for tool in tools if tool.once)
    each = [tool for tool in tools if not tool.once]
    if ask.hosted is not None and ask.hosted.together:
        return fees + calls * max((_fee(tool, route.price) for tool in each), default=0)
    return fees + sum(min(calls, tool.cap) * _fee(tool, route.price) for tool in each)


def charged(ask: Ask, route: Route, called: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The calls that were counted, by their names in the price; of two tools that are counted as one, the dearer."""
    found: dict[str, int] = {}
    for counted_as, calls in called.items():
        tools = [tool for tool in offered(ask, route) if tool.counted_as == counted_as]
        if tools and calls:
            dearest = max(tools, key=lambda tool: _fee(tool, route.price))
            found[dearest.priced_as] = found.get(dearest.priced_as, 0) + calls
    return tuple(sorted(found.items()))


def demanded_of(body: Mapping[str, Any], kinds: Mapping[str, Any], *, others: bool) -> frozenset[str]:
    """The kinds, of those given with their names, that `tool_choice` wants one of; `others`: there are other tools."""
    choice = body.get("tool_choice")
    wanted = choice if isinstance(choice, dict) else {"type": choice}
    match wanted.get("type"):
        case "any" | "required":
            return frozenset() if others else frozenset(kinds)
        case "allowed_tools" if wanted.get("mode") == "required":
            allowed = [_type(tool) for tool in _listed(wanted.get("tools"))]
            return frozenset(allowed) if allowed and all(kind in kinds for kind in allowed) else frozenset()
        case str(kind) if kind in kinds:
            return frozenset({kind})
    named = wanted.get("name")
    return frozenset(kind for kind, name in kinds.items() if named is not None and named in (kind, name))


def without(body: JsonObject, is_out: Callable[[Any], bool]) -> JsonObject:
    """The body without certain tools, and without a choice among no tools."""
    tools = [tool for tool in _listed(body.get("tools")) if not is_out(tool)]
    if not tools:
        return {name: value for name, value in body.items() if name not in ("tools", "tool_choice")}
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = [tool for tool in _listed(choice.get("tools")) if not is_out(tool)]
        choice = {**choice, "tools": allowed} if allowed else "none"
        return {**body, "tools": tools, "tool_choice": choice}
    return {**body, "tools": tools}


def refuse_unknown(tools: Any, is_known: Callable[[Any], bool]) -> None:
    """Pass tools of kinds that are known here: what another may cost at a provider, nobody here knows.

    To a dialect's own house they pass: it has tools first, and clients of a new one send it there.

    Raises:
        UnsupportedParameter: names the first that is not known, by its place.
    """
    for n, tool in enumerate(_listed(tools)):
        if isinstance(tool, dict) and isinstance(tool.get("type"), str) and not is_known(tool):
            raise UnsupportedParameter(
                f"tools.{n}.type: '{tool['type']}' is not offered here", param=f"tools.{n}.type"
            )


def taken(ask: Ask, route: Route, calls: int) -> tuple[frozenset[str], tuple[str, ...]]:
    """The kinds that go out on a route with a cap of `calls`, and what is told of the others."""
    if ask.hosted is None:
        return frozenset(), ()
    kinds = frozenset(tool.kind for tool in offered(ask, route)) if calls else frozenset()
    return kinds, tuple(f"tools.{tool.kind}" for tool in ask.hosted.tools if tool.kind not in kinds)


def _fee(tool: HostedTool, price: Price) -> NanoUsd:
    return price.of_tool(tool.priced_as) or 0


def _cap(said: int | None) -> int:
    return min(said or USUAL_CALLS, MOST_CALLS)


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _type(tool: Any) -> str:
    return str(tool.get("type")) if isinstance(tool, dict) else ""
