"""Cross-origin calls of browsers: the origins that an operator lists, and nobody else. Off unless one is listed.

Keys go in a header and never in a cookie, so no answer allows credentials, and no answer names `*`. Standard library
only; loaded where the list is not empty. Source: WHATWG Fetch, "CORS protocol".
"""

import re
from collections.abc import Mapping
from functools import wraps
from typing import Any

from aggregator.runtime.aws import JsonObject
from aggregator.runtime.request import Event, header_of
from aggregator.runtime.streaming import Handler, StreamingResponse

VARIABLE = "CORS_ORIGINS"
METHODS = "GET, POST, PUT, PATCH, DELETE"
KEPT_SECONDS = 7200
"""How long a browser may remember a preflight; Chromium keeps none for longer."""

EXPOSED = (
    "Age", "ETag", "Link", "Retry-After", "openai-processing-ms", "request-id", "x-request-id",
    "x-should-retry",
    "x-aggregator-attempts", "x-aggregator-balance-usd", "x-aggregator-cache", "x-aggregator-capped",
    "x-aggregator-cost-usd", "x-aggregator-focus-version", "x-aggregator-hold-usd", "x-aggregator-ignored",
    "x-aggregator-left-out",
    "x-aggregator-max-tokens", "x-aggregator-max-tool-calls", "x-aggregator-model", "x-aggregator-next-cursor",
    "x-aggregator-original-cost-usd", "x-aggregator-original-request-id", "x-aggregator-price-version",
    "x-aggregator-provider", "x-aggregator-replayed", "x-aggregator-retires-at", "x-aggregator-service-tier",
    "x-aggregator-strategy", "x-aggregator-tool-calls",
    "x-ratelimit-limit-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
)  # fmt: skip
"""Headers of answers that a page may read, beside those that every page may."""

_NAMES = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: *, *[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")
_EXPOSED = ", ".join(EXPOSED)


def allowing(handler: Handler, origins: str) -> Handler:
    """The handler, whose answers to pages of these origins, separated by commas, say that they may be read."""
    listed = frozenset(origins.split(","))

    @wraps(handler)
    def answer(event: Any, context: Any) -> StreamingResponse | JsonObject:
        return _told(handler(event, context), _allowed(event, listed))

    return answer


def preflight(event: Event, origins: str) -> JsonObject:
    """Answer a preflight: what a page of a listed origin asks for is allowed; any other is told nothing."""
    headers = {"Vary": "Origin, Access-Control-Request-Headers"}
    if allowed := _allowed(event, frozenset(origins.split(","))):
        headers |= {
            "Access-Control-Allow-Origin": allowed["Access-Control-Allow-Origin"],
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Max-Age": str(KEPT_SECONDS),
        }
        # SDKs send many headers, and each release others; whoever may call may say what its client says.
        asked = header_of(event, "Access-Control-Request-Headers") or ""
        if _NAMES.fullmatch(asked):
            headers["Access-Control-Allow-Headers"] = asked
    return {"statusCode": 204, "headers": headers, "body": "", "isBase64Encoded": False}


def _allowed(event: Event, listed: frozenset[str]) -> dict[str, str]:
    """What allows the page that sent `event` to read the answer; nothing for a page of another origin."""
    origin = header_of(event, "Origin")
    if origin is None or origin not in listed:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED}


def _told(
    answer: StreamingResponse | JsonObject, allowed: Mapping[str, str]
) -> StreamingResponse | JsonObject:
    if isinstance(answer, StreamingResponse):
        vary = _with_origin(answer.headers.get("Vary"))
        return answer._replace(headers={**answer.headers, **allowed, "Vary": vary})
    several = answer.get("multiValueHeaders") or {}
    said = ", ".join(several.get("Vary", ())) or (answer.get("headers") or {}).get("Vary")
    more = {name: [value] for name, value in {**allowed, "Vary": _with_origin(said)}.items()}
    return {**answer, "multiValueHeaders": {**several, **more}}


def _with_origin(vary: str | None) -> str:
    """`Vary` with the origin in it: a cache must not give one page's permission to another."""
    return f"{vary}, Origin" if vary else "Origin"
