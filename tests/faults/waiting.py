"""Waiting for what another process does."""

import time
from collections.abc import Callable

_WAIT_SECONDS = 60.0


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited for nothing"
        time.sleep(0.01)
