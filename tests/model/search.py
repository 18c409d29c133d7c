"""Breadth-first search over worlds, and calls on their tables that are carried out once."""

from ast import literal_eval
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.model.world import Items, frozen

World = TypeVar("World", bound=Hashable)


def explored(
    start: World,
    steps: Callable[[World], Iterable[tuple[str, World]]],
    violation: Callable[[World], str | None],
) -> tuple[int, str | None, list[str]]:
    """Go everywhere, to each world once, until one is wrong.

    Return the number of worlds, what was violated (None: nothing), and the shortest way to it.
    """
    came_from: dict[World, tuple[World, str] | None] = {start: None}
    ahead = deque([start])
    while ahead:
        world = ahead.popleft()
        if wrong := violation(world):
            return len(came_from), wrong, _way(came_from, world)
        for name, following in steps(world):
            if following not in came_from:
                came_from[following] = (world, name)
                ahead.append(following)
    return len(came_from), None, []


def _way(came_from: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    names: list[str] = []
    step = came_from[world]
    while step is not None:
        before, name = step
        names.append(name)
        step = came_from[before]
    return names[::-1]


class OncePerTable:
    """Carries out calls on tables as worlds write them down; the same call on the same table is carried out once."""

    def __init__(self, carry_out: Callable[..., Any]) -> None:
        self._carry_out = carry_out
        self._known: dict[Any, tuple[Items, Any]] = {}

    def __call__(self, items: Items, action: str, *arguments: Any) -> tuple[Items, Any]:
        """The table after the call, and the call's outcome."""
        key = (items, action, arguments)
        if key not in self._known:
            table = MemoryDynamoDb()
            table.items = {name: {k: literal_eval(v) for k, v in values} for name, values in items}
            outcome = self._carry_out(table, action, *arguments)
            self._known[key] = (frozen(table), outcome)
        return self._known[key]
