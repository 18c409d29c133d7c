"""The event that API Gateway hands to a Lambda proxy integration (payload format 1.0).

Source: API Gateway developer guide, "Input format of a Lambda function for proxy integration".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from local.gateway import Route

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client sent it; header names keep their case, `target` is path and query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    request_id: str
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def path(self) -> str:
        """Path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """Query string, without its question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str:
        """Value of a header, or an empty text."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the API is deployed."""

    api_id: str
    name: str
    account: str
    region: str

    def method_arn(self, request: Request) -> str:
        """ARN of the method a request calls."""
        return (
            f"arn:aws:execute-api:{self.region}:{self.account}:{self.api_id}/{self.name}"
            f"/{request.method}{request.path}"
        )


def proxy_event(
    request: Request,
    route: Route,
    parameters: Mapping[str, str],
    stage: Stage,
) -> JsonObject:
    """Build the event, as it is before the authorizer's context goes into `requestContext.authorizer`."""
    headers = _multi(_as_gateway_sends(request))
    query = _multi(parse_qsl(request.query, keep_blank_values=True))
    context: JsonObject = {
        "accountId": stage.account,
        "apiId": stage.api_id,
        "resourceId": route.path,
        "resourcePath": route.path,
        "httpMethod": request.method,
        "path": f"/{stage.name}{request.path}",
        "stage": stage.name,
        "protocol": "HTTP/1.1",
        "requestId": request.request_id,
        "extendedRequestId": request.request_id,
        "requestTime": request.received_at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(request.received_at.timestamp() * 1000),
        "domainName": request.header("host"),
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("user-agent") or None},
    }
    return {
        "resource": route.path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": None,
        "requestContext": context,
        "body": body_in_event(request),
        "isBase64Encoded": False,
    }


def body_in_event(request: Request) -> str | None:
    """The body as text, whatever it is: the API names no binary media types."""
    return request.body.decode(errors="replace") or None


def bytes_in(event: Any) -> int:
    """How long an event, or a part of one, is as Lambda counts it: JSON in UTF-8.

    A quote, a backslash and a line break take two bytes; characters beyond ASCII stand as they are.
    """
    return len(json.dumps(event, ensure_ascii=False).encode())


def _as_gateway_sends(request: Request) -> list[tuple[str, str]]:
    forwarded = ", ".join(filter(None, [request.header("x-forwarded-for"), request.source_ip]))
    seconds = int(request.received_at.timestamp())
    return [
        *((name, value) for name, value in request.headers if name.lower() != "x-forwarded-for"),
        ("X-Forwarded-For", forwarded),
        ("X-Forwarded-Proto", "http"),
        ("X-Amzn-Trace-Id", f"Root=1-{seconds:08x}-{request.request_id.replace('-', '')[:24]}"),
    ]


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _last(values: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: each[-1] for name, each in values.items()}
