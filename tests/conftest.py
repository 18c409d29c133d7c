"""What holds for all tests: how they are shared out, where several processes run them (`-n`)."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.lanes import Lanes, in_order

pytest_plugins = ["tests.judge.plugin"]

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    in_order(items)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: those that wait for a stack, a queue or a moment leave theirs to others."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Keep together what shares a stack."""
    return Lanes(config, log)
