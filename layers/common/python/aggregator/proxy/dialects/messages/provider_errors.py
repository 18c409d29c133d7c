"""Anthropic's errors as our refusals: by status, or within an answer. Standard library only.

Source: https://platform.claude.com/docs/en/api/errors
"""

import json
import re
from collections.abc import Mapping

from aggregator.errors import ProviderFailed, ProviderUnavailable, RateLimitExceeded, Refusal
from aggregator.proxy.dialects.refused import refusal_of
from aggregator.proxy.model import JsonObject

_OURS = re.compile(r"credit balance|usage limits?\b", re.IGNORECASE)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """An error by status. Anthropic says 400 also when the platform's own credit there is used up."""
    if status == 400 and _OURS.search(_message(body)):
        return ProviderFailed("The provider did not accept the platform's request.")
    return refusal_of(status, headers, body)


def raise_error(said: JsonObject) -> None:
    """Raise what an error within an answer or event means, if there is one.

    Raises:
        ProviderUnavailable: the provider is overloaded.
        RateLimitExceeded: the platform's limit there is used up.
        ProviderFailed: any other.
    """
    if said.get("type") != "error" and "error" not in said:
        return
    error = said.get("error")
    match error.get("type") if isinstance(error, dict) else None:
        case "overloaded_error":
            raise ProviderUnavailable("The provider is overloaded.", retry_after_seconds=1)
        case "rate_limit_error":
            raise RateLimitExceeded(
                "The provider is limiting requests to this model; try again later.", retry_after_seconds=1
            )
        case _:
            raise ProviderFailed("The provider failed.")


def _message(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error = said.get("error") if isinstance(said, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""
