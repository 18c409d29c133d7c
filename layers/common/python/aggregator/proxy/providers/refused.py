"""A provider's error status as one of our refusals: what the client can act on, and nothing that is not its own."""

import json
import re
from collections.abc import Mapping

from aggregator.errors import (
    PayloadTooLarge,
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
)

_LONGEST_MESSAGE = 500
# Keys by their known beginnings, masked or not, and whatever else is long and random enough to be one.
_SECRET = re.compile(
    r"(?<![a-z0-9])(?:sk|gsk|csk|xai|pk|rk|key|agg|org|proj|fw|hf|pplx|nvapi|together)[-_][-_a-z0-9*.]{6,}"
    r"|(?:AIza|AKIA|ASIA|eyJ)[-_a-z0-9*.]{6,}"
    r"|Bearer\s+\S+"
    r"|(?=[-_a-z]*[0-9])[-_a-z0-9]{32,}",
    re.IGNORECASE,
)


def refusal_of(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Translate a provider's error.

    Its own 4xx about the request stays a 4xx with its message. What is wrong between the platform and the provider
    (credentials, credit, an unknown upstream model) is the platform's failure, and its words stay here.
    """
    message, param = _words(body)
    match status:
        case 401 | 402 | 403 | 404 | 405:
            return ProviderFailed("The provider did not accept the platform's request.")
        case 504:
            return ProviderTimedOut("The provider did not answer in time.")
        case 413:
            return PayloadTooLarge(message or "The provider takes no request of this size.", param=param)
        case 429:
            return RateLimitExceeded(
                "The provider is limiting requests to this model; try again later.",
                retry_after_seconds=retry_after_of(headers) or 1,
            )
        case 408 | 409 | 503 | 529:
            return ProviderUnavailable(
                "The provider takes no requests at this moment.",
                retry_after_seconds=retry_after_of(headers) or 1,
            )
        case _ if 400 <= status < 500:
            return ProviderRefused(message or "The provider refused the request.", param=param)
        case _:
            return ProviderFailed("The provider failed.")


def retry_after_of(headers: Mapping[str, str]) -> int | None:
    """Seconds a provider asks to wait, if it says so in seconds."""
    said = headers.get("retry-after", "")
    return int(said) if said.isdecimal() else None


def _words(body: bytes) -> tuple[str, str | None]:
    """The provider's message and parameter, without anything that looks like a secret."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return "", None
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return _harmless(error), None
    return _harmless(error.get("message")), _harmless(error.get("param")) or None


def _harmless(words: object) -> str:
    return _SECRET.sub("[...]", words)[:_LONGEST_MESSAGE] if isinstance(words, str) else ""
