"""An operator's calls, each through the function that serves it, over moto's table and a bus that remembers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aggregator.auth.caller import packed
from aggregator.runtime.aws import AwsError

JsonObject = dict[str, Any]

SAMPLES = Path(__file__).parents[3] / "events" / "apigateway"
NEW_MODEL: JsonObject = {
    "contextWindow": 32_768,
    "maxInputTokens": 32_768,
    "maxOutputTokens": 4_096,
    "routes": [{"provider": "openai", "upstreamModel": "gpt-4o-mini"}],
    "price": {"version": "first", "input": "0.20", "output": "0.80"},
}


_HANDLERS: dict[str, Any] = {}
"""Loaded once: nothing of a test stays in them."""


class Bus:
    """Takes every event, or refuses all."""

    def __init__(self) -> None:
        self.details: list[JsonObject] = []
        self.down = False

    def call(self, action: str, request: JsonObject) -> JsonObject:
        assert action == "PutEvents"
        if self.down:
            raise AwsError("InternalFailure")
        for entry in request["Entries"]:
            assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == (
                "aggregator.orchestrator",
                "catalogue_changed",
                "bus",
            )
            self.details.append(json.loads(entry["Detail"]))
        return {"FailedEntryCount": 0}


class Desk:
    """An operator's calls, each through its function."""

    def __init__(self, handler: Callable[[str], Any], bus: Bus) -> None:
        self._handler = handler
        self.bus = bus

    def __call__(
        self,
        function: str,
        path: JsonObject | None = None,
        body: Any = None,
        query: JsonObject | None = None,
        caller: JsonObject | None = None,
        **headers: str,
    ) -> tuple[int, Any]:
        event = json.loads((SAMPLES / f"orchestrator_{function}.json").read_text(encoding="utf-8"))
        for name, value in (path or {}).items():
            event["path"] = event["path"].rpartition("/")[0] + "/" + value
            event["pathParameters"] = {name: value}
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        if query is not None:
            event["queryStringParameters"] = query
            event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
        if caller is not None:
            event["requestContext"]["authorizer"]["caller"] = packed(caller)
        event["headers"] |= headers
        if function not in _HANDLERS:
            _HANDLERS[function] = self._handler(f"orchestrator/{function}")
        answer = _HANDLERS[function](event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def put_model(self, model: str, body: Any, **headers: str) -> tuple[int, Any]:
        return self("put_model", {"model": model}, body, None, None, **headers)

    def model(self, model: str) -> JsonObject:
        status, said = self("get_model", {"model": model})
        assert status == 200, said
        entry: JsonObject = said["entry"]
        return entry
