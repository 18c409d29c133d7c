"""Authorise as API Gateway does: ask a REQUEST authorizer, remember its policy for its time, evaluate it each time."""

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from local.gateway import Authorizer

JsonObject = dict[str, Any]
Invoke = Callable[[str, JsonObject], JsonObject]


class GatewayRefusal(Exception):
    """The gateway itself refuses a request; `kind` is its gateway response type."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Authorizing:
    """Answers of authorizers, by identity. `invoke` calls a function by its logical id and returns its result.

    Like API Gateway's, the cache is keyed by the identity sources alone: one policy serves all routes. Requests
    that arrive with the same identity while its authorizer is being asked wait for the same answer.
    """

    def __init__(self, invoke: Invoke, clock: Callable[[], float] = time.monotonic) -> None:
        self._invoke = invoke
        self._clock = clock
        self._known: dict[tuple[str, ...], tuple[float, JsonObject]] = {}
        self._asking: defaultdict[tuple[str, ...], threading.Lock] = defaultdict(threading.Lock)

    def authorise(self, authorizer: Authorizer, event: JsonObject, method_arn: str) -> dict[str, str]:
        """Return the context for `requestContext.authorizer`.

        Raises:
            GatewayRefusal: `UNAUTHORIZED` (no identity), `ACCESS_DENIED` (the policy does not allow `method_arn`),
                `AUTHORIZER_FAILURE` or `AUTHORIZER_CONFIGURATION_ERROR`.
        """
        identity = _identity_of(authorizer.identity_sources, event)
        if authorizer.identity_sources and not all(identity):
            raise GatewayRefusal("UNAUTHORIZED")
        key = (authorizer.name, *identity)
        with self._asking[key]:
            until, answer = self._known.get(key, (0.0, {}))
            if until <= self._clock():
                answer = self._ask(authorizer, event, method_arn)
                self._known[key] = (self._clock() + authorizer.ttl_seconds, answer)
        if not allows(answer["policyDocument"], method_arn):
            raise GatewayRefusal("ACCESS_DENIED")
        return _context_of(answer)

    def _ask(self, authorizer: Authorizer, event: JsonObject, method_arn: str) -> JsonObject:
        asked = event | {"type": "REQUEST", "methodArn": method_arn}
        try:
            answer = self._invoke(authorizer.function, asked)
        except Exception as failed:
            raise GatewayRefusal("AUTHORIZER_FAILURE") from failed
        if not isinstance(answer.get("policyDocument"), dict):
            raise GatewayRefusal("AUTHORIZER_CONFIGURATION_ERROR")
        return answer


def allows(policy: Mapping[str, Any], method_arn: str) -> bool:
    """Evaluate a policy for one method: an explicit Deny wins, and what is not allowed is denied."""
    effects = {
        statement.get("Effect")
        for statement in _list(policy.get("Statement", []))
        if any(_matches(action, "execute-api:Invoke") for action in _list(statement.get("Action", [])))
        and any(_matches(resource, method_arn) for resource in _list(statement.get("Resource", [])))
    }
    return effects == {"Allow"}


def _matches(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return (
        re.fullmatch(expression, text, re.IGNORECASE if pattern.startswith("execute-api:") else 0) is not None
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _identity_of(sources: tuple[str, ...], event: JsonObject) -> tuple[str, ...]:
    headers = {name.lower(): value for name, value in event["headers"].items()}
    query = event.get("queryStringParameters") or {}
    found = []
    for source in sources:
        match source.split(".", 3):
            case ["method", "request", "header", name]:
                found.append(headers.get(name.lower(), ""))
            case ["method", "request", "querystring", name]:
                found.append(query.get(name, ""))
            case ["context", *path]:
                found.append(str(_inside(event["requestContext"], path)))
            case _:
                raise GatewayRefusal("AUTHORIZER_CONFIGURATION_ERROR")
    return tuple(found)


def _inside(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return value


def _context_of(answer: JsonObject) -> dict[str, str]:
    """Authorizer context as a function sees it: flat values, as text."""
    context = {"principalId": str(answer.get("principalId", ""))}
    for name, value in (answer.get("context") or {}).items():
        if isinstance(value, bool):
            context[name] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            context[name] = str(value)
    return context
