"""Judges what a test sends upstream, and fails the test: every `UpstreamRequest` that is made in this process."""

from collections.abc import Callable, Generator
from importlib import import_module
from typing import Any

import pytest

from aggregator.proxy.exchange import UpstreamRequest

found: list[str] = []
unpublished_here: list[frozenset[str]] = [frozenset()]


def pytest_configure(config: pytest.Config) -> None:
    """Have every request judged where it is made."""
    config.addinivalue_line(
        "markers", "unpublished(*fields): sends fields on purpose that the provider's published type has not"
    )
    config.addinivalue_line("markers", "unjudged(why): sends on purpose what no published type has")
    made = UpstreamRequest.__init__
    judging: list[Callable[..., tuple[str, ...]]] = []

    def judged(self: UpstreamRequest, *args: Any, **fields: Any) -> None:
        made(self, *args, **fields)
        if not judging:  # most tests send nothing, and importing it takes a second
            judging.append(import_module("tests.judge.judging").misfits)
        found.extend(f"{self.url} {each}" for each in judging[0](self.url, self.body, unpublished_here[0]))

    UpstreamRequest.__init__ = judged  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Begin each test with nothing found."""
    found.clear()
    unpublished_here[0] = frozenset(name for mark in item.iter_markers("unpublished") for name in mark.args)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that passed, but sent what its provider does not publish."""
    result = yield
    if found and item.get_closest_marker("unjudged") is None:
        told = "\n".join(dict.fromkeys(found))
        raise AssertionError(f"sent upstream, and not of the provider's published type:\n{told}")
    return result
