"""What the proxy does while Lambda starts it: all that its first request would wait for, and nothing that can hurt."""

import json
from collections.abc import Iterator

import pytest

from aggregator.proxy import wiring
from aggregator.runtime import streaming

VARIABLES = (
    "BILLING_TABLE",
    "ORCHESTRATOR_TABLE",
    "PROXY_TABLE",
    "EVENT_BUS",
    "BILLING_USAGE_QUEUE_URL",
    "PROVIDER_KEYS_SECRET",
    "ANSWERS_BUCKET",
    "ENVIRONMENT",
)


def forget() -> None:
    for factory in (wiring.collaborators, wiring.catalogue, wiring._dynamodb, wiring._bus):
        factory.cache_clear()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Nothing made yet, in a function whose AWS is a port on which nobody listens."""
    for name in VARIABLES:
        monkeypatch.setenv(name, name.lower())
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    forget()
    yield monkeypatch
    forget()


def test_outside_of_our_runtime_nothing_is_asked_for(
    fresh: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.setattr(streaming, "is_announced", lambda: False)

    wiring.warm()

    assert wiring.collaborators.cache_info().currsize == 0
    assert capsys.readouterr().out == ""


def test_what_cannot_be_had_now_is_left_to_the_first_request(
    fresh: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.setattr(streaming, "is_announced", lambda: True)

    wiring.warm()

    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert wiring.collaborators.cache_info().currsize == 1
    assert [line["message"] for line in said] == ["not_warmed"]
