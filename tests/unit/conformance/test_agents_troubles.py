"""What an agent's user is found to read, and the models that are put for what goes wrong."""

from typing import Any, cast

import pytest

from conformance.accounts import Api
from conformance.agents.trouble import shown_with
from conformance.agents.unlucky import put

JsonObject = dict[str, Any]


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("first\nstopped: no money, sorry\nlast", "stopped: no money, sorry"),
        ('{"a": 1, "message": "402 no money here", "b": 2}', "402 no money here"),
        ('{"message": "{\\"message\\":\\"no money\\",\\"code\\":\\"x\\"}"}', "no money"),
        ("no money once\nno money twice", "no money twice"),
        ("no | money", ""),
        ("", ""),
    ],
)
def test_what_a_user_reads_is_the_line_or_the_string_that_holds_the_words(output: str, shown: str) -> None:
    assert shown_with(output, "no money") == shown


def test_nothing_is_looked_for_where_no_fault_is_shown() -> None:
    assert shown_with("an answer", "") == ""


class Operated:
    """An API that keeps what it is told."""

    def __init__(self) -> None:
        self.told: dict[str, JsonObject] = {}

    def operate(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        if method == "PUT":
            self.told[path] = body or {}
        if path == "/orchestrator/providers":
            at = "http://127.0.0.1:9/anthropic/v1"
            return {"data": [{"id": "anthropic", "protocol": "anthropic", "baseUrl": at, "docs": "d"}]}
        limits = {"contextWindow": 9, "maxInputTokens": 8, "maxOutputTokens": 7, "capabilities": ["chat"]}
        return {"models": [{"id": "claude", "displayName": "Claude", **limits}]}


def test_each_house_gets_a_provider_that_is_not_there_and_one_of_little_patience() -> None:
    api = Operated()

    put(cast("Api", api), {"anthropic": "claude"})

    told = {path.removeprefix("/orchestrator/"): body for path, body in api.told.items()}
    assert told["providers/nowhere-anthropic"] == {
        "protocol": "anthropic",
        "secret": "anthropic",
        "baseUrl": "http://127.0.0.1:1/v1",
    }
    assert told["providers/unlucky-anthropic"] == {
        "protocol": "anthropic",
        "secret": "anthropic",
        "baseUrl": "http://127.0.0.1:9/anthropic/v1",
        "timeoutSeconds": 3,
        "silenceSeconds": 3,
        "reasoningSilenceSeconds": 3,
    }
    assert {
        path: [route["provider"] for route in body["routes"]]
        for path, body in told.items()
        if "routes" in body
    } == {
        "models/claude-unlucky": ["unlucky-anthropic"],
        "models/claude-nowhere": ["nowhere-anthropic"],
        "models/claude-covered": ["nowhere-anthropic", "anthropic"],
    }
