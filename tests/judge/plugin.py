"""Judges what a test sent upstream, and fails the test: every `UpstreamRequest` that was made in this process.

That is when the test is over: an SDK takes a second and more to import, which no request's deadline has to spare.
"""

from collections.abc import Generator
from importlib import import_module
from typing import Any

import pytest

from aggregator.proxy.exchange import UpstreamRequest

sent: dict[tuple[str, bytes], None] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Have every request noted where it is made."""
    config.addinivalue_line(
        "markers", "unpublished(*fields): sends fields on purpose that the provider's published type has not"
    )
    config.addinivalue_line("markers", "unjudged(why): sends on purpose what no published type has")
    made = UpstreamRequest.__new__

    def noted(cls: type[UpstreamRequest], *args: Any, **fields: Any) -> UpstreamRequest:
        request = made(cls, *args, **fields)
        sent[request.url, request.body] = None
        return request

    UpstreamRequest.__new__ = noted  # type: ignore[method-assign, assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, Any, Any]:
    """Begin each test with nothing sent."""
    sent.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that passed, but sent what its provider does not publish."""
    result = yield
    if not sent or item.get_closest_marker("unjudged") is not None:
        return result
    misfits = import_module("tests.judge.judging").misfits
    unpublished = frozenset(name for mark in item.iter_markers("unpublished") for name in mark.args)
    found = [f"{url} {each}" for url, body in sent for each in misfits(url, body, unpublished)]
    if found:
        told = "\n".join(dict.fromkeys(found))
        raise AssertionError(f"sent upstream, and not of the provider's published type:\n{told}")
    return result
