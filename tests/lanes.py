"""How the tests are shared out between processes: in lanes, each of which one process runs from its first to its last.

A lane is a file, or a folder whose tests share something that is slow to start: a stack, an emulator. Those come first,
the longest of them before all, so that the many quick files fill up the time of whoever is done early.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# How their files' names begin, by how long they take. What is named here is no part of its folder's lane; where another
# process runs it, it has a stack of its own. Whoever is revoked while events are redelivered is in the same lane.
LANES = (
    "tests/e2e/",
    "tests/e2e/test_re",
    "tests/e2e/browser/",
    "tests/e2e/test_schemathesis.py",
    "tests/faults/",
    "tests/e2e/test_stopping.py",
    "tests/races/",
    "tests/runtime/",
    "tests/contract/template/",
)


def lane_of(test: str) -> str:
    """Lane of a test, by its id."""
    file = test.partition("::")[0]
    return max((lane for lane in LANES if file.startswith(lane)), key=len, default=file)


def in_order(items: list[pytest.Item]) -> None:
    """Put the lanes that take longest first; all else stays as it was found."""
    places = {lane: place for place, lane in enumerate(LANES)}
    items.sort(key=lambda item: places.get(lane_of(item.nodeid), len(LANES)))


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """Gives whoever is free the next lane."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # not by the number of tests: `in_order` knows better

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid)
