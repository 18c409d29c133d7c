"""A provider's error status as one of our refusals: what the client can act on, and nothing that is not its own."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import (
    ContentFiltered,
    ContextLengthExceeded,
    PayloadTooLarge,
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
)
from aggregator.proxy.dialects.unpaid import is_unpaid

LONGEST_RETRY_AFTER_SECONDS = 60
_LONGEST_MESSAGE = 500
# Keys by their known beginnings, masked or not, and whatever else is long and random enough to be one.
_SECRET = re.compile(
    r"(?<![a-z0-9])(?:sk|gsk|csk|xai|pk|rk|key|agg|org|proj|fw|hf|pplx|nvapi|together)[-_][-_a-z0-9*.]{6,}"
    r"|(?:AIza|AKIA|ASIA|eyJ)[-_a-z0-9*.]{6,}"
    r"|Bearer\s+\S+"
    r"|(?=[-_a-z]*[0-9])[-_a-z0-9]{32,}",
    re.IGNORECASE,
)

_MOST_DETAILS = 5

# The platform's own key, credit or catalogue, said with a status that is meant for the client's request: xAI, Groq.
_OUR_CODES = frozenset({
    "invalid_api_key", "authentication_error", "insufficient_quota", "billing_hard_limit_reached",
    "model_not_found", "model_decommissioned", "model_terms_required",
})  # fmt: skip
_OURS = re.compile(
    r"(?:incorrect|invalid|missing|unknown|wrong|expired|no|your) (?:x-)?api[ _-]key"
    r"|api[ _-]key (?:is |was |has )?(?:not |in|expired|missing|required|provided|disabled|blocked)"
    r"|insufficient (?:balance|credits?|funds)",
    re.IGNORECASE,
)
# The model wrote what its provider cannot read: another try may do better. Source: Groq API docs, "Tool use", "Errors".
_FAILED_CODES = frozenset({"tool_use_failed", "json_validate_failed", "output_parse_failed"})
_TOO_LONG = re.compile(
    r"maximum (?:context|prompt|input|sequence) (?:length|size)|context (?:length|window) exceeded"
    r"|exceed\w*[^.]{0,40} context (?:length|window|size|limit)|(?:prompt|input) is too long|input token count"
    r"|reduce the length of|(?:prompt|input)[^.]{0,80} too large for"
    r"|(?:prompt|input|request)[^.]{0,80} exceeds?[^.]{0,60} tokens",
    re.IGNORECASE,
)
_FILTER_CODES = frozenset({
    "content_filter", "content_policy_violation", "data_inspection_failed", "DataInspectionFailed",
    "moderation_blocked",
})  # fmt: skip
_FILTERED = re.compile(
    r"content (?:management|filtering) policy|content exists risk|rejected (?:by|as a result of) our safety"
    r"|violat\w+ (?:of )?(?:our|the) (?:usage|content) polic",
    re.IGNORECASE,
)


def refusal_of(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Translate a provider's error.

    Its own 4xx about the request stays a 4xx with its message, and with its code where clients act on that. What is
    wrong between the platform and the provider (credentials, credit, an unknown upstream model) is the platform's
    failure, and its words stay here.
    """
    said = _read(body)
    match status:
        case 400 | 412 | 422 | 429 if is_unpaid(headers, body):
            return ProviderFailed("The provider did not accept the platform's request.")
        case 401 | 402 | 403 | 404 | 405:
            return ProviderFailed("The provider did not accept the platform's request.")
        case 504:
            return ProviderTimedOut("The provider did not answer in time.")
        case 413:
            return PayloadTooLarge(
                said.message or "The provider takes no request of this size.", param=said.param
            )
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
            return _of_the_request(said)
        case _:
            return ProviderFailed("The provider failed.")


def retry_after_of(headers: Mapping[str, str]) -> int | None:
    """Seconds a provider asks to wait, rounded up, if it says so in seconds; no more than a minute.

    What it says is about the platform's account, whose limits other routes and a raised limit change meanwhile.
    """
    whole, _, rest = headers.get("retry-after", "").partition(".")
    if not (whole.isascii() and whole.isdecimal()):
        return None
    return min(int(whole[:9]) + bool(rest.strip("0")), LONGEST_RETRY_AFTER_SECONDS)


@dataclass(frozen=True, slots=True)
class _Said:
    """What an error says, however it is written; without anything that looks like a secret."""

    message: str = ""
    param: str | None = None
    code: str = ""


def _read(body: bytes) -> _Said:
    """An error as OpenAI and most write it, as xAI, Mistral, Cohere and FastAPI do.

    Of FastAPI's details only what is wrong and where is taken: they repeat what was sent.
    """
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return _Said()
    if isinstance(said, list) and said:
        said = said[0]
    if not isinstance(said, dict):
        return _Said()
    error = said.get("error")
    holder = error if isinstance(error, dict) else said
    places: list[tuple[str, str]] = []
    for words in (
        error,
        holder.get("message"),
        holder.get("detail"),
        said.get("message"),
        said.get("detail"),
    ):
        places = list(_places(words))
        if places:
            break
    message = "; ".join(f"{place}: {what}" if place else what for place, what in places)
    param = holder.get("param") or next((place for place, _ in places if place), None)
    return _Said(
        _harmless(message), _harmless(param) or None, _code(holder.get("code")) or _code(said.get("code"))
    )


def _places(words: Any) -> Iterator[tuple[str, str]]:
    """What is wrong, and where, in a sentence or in FastAPI's list."""
    if isinstance(words, str) and words:
        yield "", words
    elif isinstance(words, list):
        for each in words[:_MOST_DETAILS]:
            if isinstance(each, dict) and isinstance(each.get("msg"), str):
                where = each.get("loc")
                path = [str(step) for step in where if step != "body"] if isinstance(where, list) else []
                yield ".".join(path), each["msg"]
    elif isinstance(words, dict) and not isinstance(words.get("detail"), dict):
        yield from _places(words.get("detail"))


def _code(said: object) -> str:
    return said if isinstance(said, str) else ""


def _harmless(words: object) -> str:
    return _SECRET.sub("[...]", words)[:_LONGEST_MESSAGE] if isinstance(words, str) else ""


def _of_the_request(said: _Said) -> Refusal:
    """A 4xx about the request, which may be about the platform, or the model's own failure, all the same."""
    if said.code in _OUR_CODES or _OURS.search(said.message):
        return ProviderFailed("The provider did not accept the platform's request.")
    if said.code in _FAILED_CODES:
        return ProviderFailed("The model gave an answer that cannot be used.")
    if said.code == ContextLengthExceeded.code or _TOO_LONG.search(said.message):
        return ContextLengthExceeded(
            said.message or "The prompt is longer than the model reads.", param=said.param
        )
    if said.code in _FILTER_CODES or _FILTERED.search(said.message):
        return ContentFiltered(said.message or "The provider does not answer this prompt.", param=said.param)
    return ProviderRefused(said.message or "The provider refused the request.", param=said.param)
