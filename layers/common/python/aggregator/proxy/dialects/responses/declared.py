"""The tools that a request of the Responses API declares: beside its input, or in an item of it, as Codex does.

An item of type `additional_tools` makes its tools available where it stands. Who knows no such item has them from the
beginning: a function is called where it is of use, and not before it is known. Source: OpenAI's types of input items.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import JsonObject
from aggregator.runtime.shape import objects_in

ITEM = "additional_tools"


def declared(asked: Mapping[str, Any]) -> list[tuple[str, JsonObject]]:
    """The tools, each with its place in the request; one that is declared again takes the place of the earlier.

    Raises:
        InvalidRequest: a list of them is none, or holds what is no object.
    """
    found: dict[Any, tuple[str, JsonObject]] = {}
    for place, tool in _listed(asked):
        name = tool.get("name")
        found[(str(tool.get("type")), name) if isinstance(name, str) else place] = (place, tool)
    return list(found.values())


def each_of(asked: Mapping[str, Any]) -> Iterator[JsonObject]:
    """The tools of a request that was read already, those of namespaces each by itself."""
    for _, tool in declared(asked):
        yield from tool["tools"] if tool.get("type") == "namespace" else (tool,)


def _listed(asked: Mapping[str, Any]) -> Iterator[tuple[str, JsonObject]]:
    yield from objects_in(asked.get("tools"), "tools")
    items = asked.get("input")
    for n, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and item.get("type") == ITEM:
            yield from objects_in(item.get("tools"), f"input.{n}.tools")
