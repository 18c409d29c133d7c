"""Gemini's errors as our refusals: by status, or within an answer. Standard library only.

Sources: https://ai.google.dev/gemini-api/docs/troubleshooting (status and codes) and google.rpc's `ErrorInfo` and
`RetryInfo` for the details.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import ProviderFailed, ProviderUnavailable, RateLimitExceeded, Refusal
from aggregator.proxy.dialects.refused import LONGEST_RETRY_AFTER_SECONDS, refusal_of
from aggregator.proxy.model import JsonObject

_OURS = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "BILLING_DISABLED", "SERVICE_DISABLED"})


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """An error by status. Google says 400 also of a key it does not know, and when to come back in the body only.

    A quota of a whole day is the platform's trouble: who comes again in the seconds that Google names meets it again.
    """
    error = _error_in(body)
    if status == 400 and (
        error.get("status") == "FAILED_PRECONDITION"
        or _OURS & {each.get("reason") for each in _details(error)}
    ):
        return ProviderFailed("The provider did not accept the platform's request.")
    if status == 429 and "PerDay" in json.dumps(error.get("details")):
        return ProviderFailed("The provider did not accept the platform's request.")
    if status == 429 and "retry-after" not in headers and (seconds := _retry_seconds(error)):
        headers = {**headers, "retry-after": str(seconds)}
    return refusal_of(status, headers, json.dumps({"error": error}).encode())


def raise_error(said: JsonObject) -> None:
    """Raise what an error within an answer or event means, if there is one.

    Raises:
        ProviderUnavailable: the provider is overloaded.
        RateLimitExceeded: the platform's limit there is used up.
        ProviderFailed: any other.
    """
    if "error" not in said:
        return
    error = said["error"] if isinstance(said["error"], dict) else {}
    match error.get("status"):
        case "UNAVAILABLE":
            raise ProviderUnavailable("The provider is overloaded.", retry_after_seconds=1)
        case "RESOURCE_EXHAUSTED":
            raise RateLimitExceeded(
                "The provider is limiting requests to this model; try again later.",
                retry_after_seconds=_retry_seconds(error) or 1,
            )
        case _:
            raise ProviderFailed("The provider failed.")


def _error_in(body: bytes) -> JsonObject:
    """The error of an answer; streams have it in a list."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(said, list) and said:
        said = said[0]
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {}


def _details(error: JsonObject) -> Iterator[JsonObject]:
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            yield {name: value for name, value in detail.items() if isinstance(value, str)}


def _retry_seconds(error: JsonObject) -> int | None:
    """Seconds that `RetryInfo` asks to wait (`"13s"`, `"13.2s"`), rounded up."""
    for detail in _details(error):
        whole, _, rest = detail.get("retryDelay", "").removesuffix("s").partition(".")
        if whole.isdecimal() and whole.isascii():
            return min(int(whole[:9]) + bool(rest.strip("0")), LONGEST_RETRY_AFTER_SECONDS)
    return None
