"""What is said to whom a limit stops. Pure."""

from collections.abc import Mapping
from datetime import datetime

from aggregator.auth.model import REQUESTS_PER_MINUTE, USD_PER_MINUTE
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.errors import InsufficientQuota, RateLimitExceeded
from aggregator.proxy.limits.counts import BUDGETS, Owner, Stored, next_window, seconds_left


def _whose(owner: Owner) -> str:
    return "This API key" if owner.is_caller else "The API key that this one was made by"


def over_budget(
    limit: str, owner: Owner, stored: Stored, *, needed: NanoUsd, now: datetime
) -> InsufficientQuota:
    """A budget does not cover a request."""
    left = max(0, owner.left(limit, stored, now))
    whose = "This API key's" if owner.is_caller else "The"
    shared = "" if owner.is_caller else ", which this API key shares with the key that it was made by,"
    return InsufficientQuota(
        f"{whose} {BUDGETS[limit]} budget of {to_usd(owner.limits[limit])} USD{shared} has {to_usd(left)} USD left "
        f"that no running request holds, and this request may cost up to {to_usd(needed)} USD. "
        f"The budget begins anew at {next_window(limit, now):%Y-%m-%dT%H:%M:%SZ}."
    )


def over_rate(
    limit: str, owner: Owner, adds: int, headers: Mapping[str, str], now: datetime
) -> RateLimitExceeded:
    """Too few requests or tokens, or too little money, are left of this minute."""
    wait = seconds_left(now)
    if limit == USD_PER_MINUTE:
        counts = f"and too little is left: this request may cost up to {to_usd(adds)} USD"
    else:
        counts = f"and too few are left: this request counts for {adds}"
    message = f"{_limited(limit, owner)}, {counts}. The next minute begins in {wait} s."
    return RateLimitExceeded(message, retry_after_seconds=wait, headers=headers)


def over_places(owner: Owner, headers: Mapping[str, str]) -> RateLimitExceeded:
    """As many requests are running as may."""
    message = f"{_whose(owner)} is limited to {owner.most_running} requests at once, and as many are running."
    return RateLimitExceeded(message, retry_after_seconds=1, headers=headers)


def never(limit: str, owner: Owner, needed: int, headers: Mapping[str, str]) -> RateLimitExceeded:
    """Refuse what no minute can hold; SDKs repeat every 429 unless they are told that it is of no use."""
    limited = _limited(limit, owner)
    counts = (
        f"may cost up to {to_usd(needed)} USD" if limit == USD_PER_MINUTE else f"counts for {needed} tokens"
    )
    return RateLimitExceeded(
        f"This request {counts}, and {limited[0].lower()}{limited[1:]}. Shorten the prompt, or lower max_tokens.",
        headers={**headers, "x-should-retry": "false"},
    )


def _limited(limit: str, owner: Owner) -> str:
    most = owner.limits[limit]
    if limit == USD_PER_MINUTE:
        return f"{_whose(owner)} is limited to {to_usd(most)} USD per minute (usdPerMinute)"
    what = "requests" if limit == REQUESTS_PER_MINUTE else "tokens"
    return f"{_whose(owner)} is limited to {most} {what} per minute"
