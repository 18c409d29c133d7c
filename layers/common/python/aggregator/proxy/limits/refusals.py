"""What is said to whom a limit stops: in words, and for programs under `limit` in the error. Pure.

| field       | says                                                                                                 |
|-------------|------------------------------------------------------------------------------------------------------|
| `level`     | whose limit it is: `key`, `key_above` (one that this key was made by), `team`, `member` (in the team) |
| `name`      | the limit, as whoever sets it calls it: `monthlyBudget`, `requestsPerMinute`                         |
| `limit`     | how much it is: US dollars as a decimal string where it is money, else a number                      |
| `left`      | what of that no running request holds                                                                |
| `needed`    | what the request counts for at the least                                                             |
| `resets_at` | when it begins anew; null for requests at once, whose places come back as these end                  |
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aggregator.auth.caller import CONCURRENT_REQUESTS, REQUESTS_PER_MINUTE, USD_PER_MINUTE
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.errors import InsufficientQuota, RateLimitExceeded
from aggregator.proxy.limits.counts import (
    BUDGETS,
    KEY,
    KEY_ABOVE,
    MEMBER,
    MONEY,
    TEAM,
    Owner,
    Stored,
    next_window,
    seconds_left,
)

_WHOSE = {KEY: "This API key", KEY_ABOVE: "The API key that this one was made by"}
_BUDGET_OF = {
    KEY: ("This API key's", ""),
    KEY_ABOVE: ("The", ", which this API key shares with the key that it was made by,"),
    TEAM: ("The team's", ""),
    MEMBER: ("This user's", " in the team"),
}


def over_budget(
    limit: str, owner: Owner, stored: Stored, *, needed: NanoUsd, now: datetime
) -> InsufficientQuota:
    """A budget does not cover a request."""
    left = max(0, owner.left(limit, stored, now))
    whose, shared = _BUDGET_OF[owner.level]
    resets_at = f"{next_window(limit, now):%Y-%m-%dT%H:%M:%SZ}"
    return InsufficientQuota(
        f"{whose} {BUDGETS[limit]} budget of {to_usd(owner.limits[limit])} USD{shared} has {to_usd(left)} USD left "
        f"that no running request holds, and this request may cost up to {to_usd(needed)} USD. "
        f"The budget begins anew at {resets_at}.",
        details=_details(limit, owner, left, needed, resets_at),
    )


def over_rate(
    limit: str, owner: Owner, adds: int, *, left: int, headers: Mapping[str, str], now: datetime
) -> RateLimitExceeded:
    """Too few requests or tokens, or too little money, are left of this minute."""
    wait = seconds_left(now)
    if limit == USD_PER_MINUTE:
        counts = f"and too little is left: this request may cost up to {to_usd(adds)} USD"
    else:
        counts = f"and too few are left: this request counts for {adds}"
    message = f"{_limited(limit, owner)}, {counts}. The next minute begins in {wait} s."
    details = _details(limit, owner, max(0, left), adds, _next_minute(now))
    return RateLimitExceeded(message, retry_after_seconds=wait, headers=headers, details=details)


def over_places(owner: Owner, headers: Mapping[str, str]) -> RateLimitExceeded:
    """As many requests are running as may."""
    message = (
        f"{_WHOSE[owner.level]} is limited to {owner.most_running} requests at once, and as many are running."
    )
    details = _details(CONCURRENT_REQUESTS, owner, 0, 1, None)
    return RateLimitExceeded(message, retry_after_seconds=1, headers=headers, details=details)


def never(
    limit: str, owner: Owner, needed: int, headers: Mapping[str, str], now: datetime
) -> RateLimitExceeded:
    """Refuse what no minute can hold; SDKs repeat every 429 unless they are told that it is of no use."""
    limited = _limited(limit, owner)
    counts = (
        f"may cost up to {to_usd(needed)} USD" if limit == USD_PER_MINUTE else f"counts for {needed} tokens"
    )
    return RateLimitExceeded(
        f"This request {counts}, and {limited[0].lower()}{limited[1:]}. Shorten the prompt, or lower max_tokens.",
        headers={**headers, "x-should-retry": "false"},
        details=_details(limit, owner, owner.limits[limit], needed, _next_minute(now)),
    )


def _limited(limit: str, owner: Owner) -> str:
    most = owner.limits[limit]
    if limit == USD_PER_MINUTE:
        return f"{_WHOSE[owner.level]} is limited to {to_usd(most)} USD per minute (usdPerMinute)"
    what = "requests" if limit == REQUESTS_PER_MINUTE else "tokens"
    return f"{_WHOSE[owner.level]} is limited to {most} {what} per minute"


def _next_minute(now: datetime) -> str:
    begins = now.replace(microsecond=0) + timedelta(seconds=seconds_left(now))
    return f"{begins:%Y-%m-%dT%H:%M:%SZ}"


def _details(
    limit: str, owner: Owner, left: int, needed: int, resets_at: str | None
) -> dict[str, dict[str, Any]]:
    def said(amount: int) -> int | str:
        return to_usd(amount) if limit in MONEY else amount

    return {
        "limit": {
            "level": owner.level,
            "name": limit.removesuffix("NanoUsd"),
            "limit": said(owner.limits[limit]),
            "left": said(left),
            "needed": said(needed),
            "resets_at": resets_at,
        }
    }
