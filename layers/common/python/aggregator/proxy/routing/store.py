"""What environments tell each other of routes: two items of the proxy's table, beside those in store.py.

| pk     | sk      | what                                                                                       |
|--------|---------|--------------------------------------------------------------------------------------------|
| ROUTES | OPEN    | for each open circuit, by the route's name: `<since>:<until>`, seconds since 1970          |
| ROUTES | LATENCY | for each route, by its name: milliseconds, on average                                      |

A route's name is `<provider>/<the provider's name for the model>`. Both items expire a day after they were last
written; what is in them is worth nothing by then. Reads need not be consistent.
"""

from collections.abc import Mapping
from typing import Any

from aggregator.proxy.routing.breaker import Opened
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError

JsonObject = dict[str, Any]

KEPT_SECONDS = 24 * 3600

_OPEN = {"pk": "ROUTES", "sk": "OPEN"}
_LATENCY = {"pk": "ROUTES", "sk": "LATENCY"}
_NOT_ROUTES = frozenset({"pk", "sk", "expires_at"})


class RouteStore:
    """Circuits and latencies that all environments share."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def opened(self) -> dict[str, Opened]:
        """See `OpenCircuits.opened`."""
        return {name: _opened(text) for name, text in self._read(_OPEN).items()}

    def open(self, name: str, opened: Opened, now: float) -> None:
        """See `OpenCircuits.open`."""
        self._set(_OPEN, {name: _text(opened)}, now)

    def claim(self, name: str, seen: Opened, next_: Opened, now: float) -> bool:
        """See `OpenCircuits.claim`."""
        condition = {
            "ConditionExpression": "#r0 = :seen",
            "ExpressionAttributeValues": item.item({":seen": _text(seen)}),
        }
        try:
            self._set(_OPEN, {name: _text(next_)}, now, **condition)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True

    def close(self, name: str) -> None:
        """See `OpenCircuits.close`."""
        self._aws.call("UpdateItem", {
            "TableName": self._table,
            "Key": item.item(_OPEN),
            "UpdateExpression": "REMOVE #r0",
            "ExpressionAttributeNames": {"#r0": name},
        })  # fmt: skip

    def exchanged(self, news: Mapping[str, int], now: float) -> dict[str, int]:
        """See `SharedLatencies.exchanged`."""
        if not news:
            return self._read(_LATENCY)
        return _routes_in(self._set(_LATENCY, news, now, ReturnValues="ALL_NEW")["Attributes"])

    def _read(self, key: Mapping[str, str]) -> JsonObject:
        answer = self._aws.call("GetItem", {"TableName": self._table, "Key": item.item(key)})
        return _routes_in(answer.get("Item") or {})

    def _set(self, key: Mapping[str, str], routes: Mapping[str, Any], now: float, **more: Any) -> JsonObject:
        names = {f"#r{number}": name for number, name in enumerate(routes)}
        values = {f":r{number}": value for number, value in enumerate(routes.values())}
        sets = [f"{name} = :r{number}" for number, name in enumerate(names)]
        given = item.item({**values, ":expires_at": int(now) + KEPT_SECONDS})
        more["ExpressionAttributeValues"] = {**given, **more.get("ExpressionAttributeValues", {})}
        request = {
            "TableName": self._table,
            "Key": item.item(key),
            "UpdateExpression": f"SET expires_at = :expires_at, {', '.join(sets)}",
            "ExpressionAttributeNames": names,
        }
        return self._aws.call("UpdateItem", {**request, **more})


def _routes_in(stored: Mapping[str, Any]) -> JsonObject:
    return {name: value for name, value in item.values(stored).items() if name not in _NOT_ROUTES}


def _text(opened: Opened) -> str:
    return f"{opened.since}:{opened.until}"


def _opened(text: str) -> Opened:
    since, _, until = text.partition(":")
    return Opened(int(since), int(until))
