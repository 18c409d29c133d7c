"""Rules of a key's limits: what a request counts for, what is left, and what a refusal says. Pure.

Windows are calendar minutes, days and months in UTC. Each has a counter of its own, an attribute named by the window,
so a new window begins at nothing without anybody setting it back. A budget counts the upper bound of a running
request's cost, and what it did cost afterwards: requests at the same time cannot overspend it together.

A request under a budget or a concurrency limit also leaves a ticket, `<expiry>#<hash of its id>`, in one set. The set's
size is the number of running requests; giving back is conditional on the ticket, so it happens once; and the ticket of
a request that died means nothing after its expiry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.auth.model import (
    CONCURRENT_REQUESTS,
    DAILY_BUDGET_NANO_USD,
    MONTHLY_BUDGET_NANO_USD,
    REQUESTS_PER_MINUTE,
    TOKENS_PER_MINUTE,
)
from aggregator.billing.model import CLOCK_SKEW_SECONDS
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.errors import InsufficientQuota, RateLimitExceeded, Refusal

RUNNING = "running"
"""Attribute with the tickets."""

KEPT_SECONDS = 35 * 24 * 3600
"""An item that nothing was taken from for this long (a month and a margin) counts for no window any more."""

Stored = Mapping[str, Any]
"""The item of a key, as Python values."""


def _minute(moment: datetime) -> str:
    return str(int(moment.timestamp()) // 60)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _month(moment: datetime) -> str:
    return f"{moment:%Y-%m}"


_WINDOWS: dict[str, tuple[str, Callable[[datetime], str]]] = {
    REQUESTS_PER_MINUTE: ("r#", _minute),
    TOKENS_PER_MINUTE: ("t#", _minute),
    DAILY_BUDGET_NANO_USD: ("d#", _day),
    MONTHLY_BUDGET_NANO_USD: ("m#", _month),
}
_MOST_TIDIED = 40  # names that one write takes away: DynamoDB takes expressions of up to 4 KB
_BUDGETS = {MONTHLY_BUDGET_NANO_USD: "monthly", DAILY_BUDGET_NANO_USD: "daily"}


@dataclass(frozen=True, slots=True)
class Demand:
    """What one request asks of its key's limits. `tokens` is an estimate; `seconds` the longest it can run."""

    request_id: str
    now: datetime
    seconds: float
    tokens: int
    at_most_nano_usd: NanoUsd
    at_least_nano_usd: NanoUsd


@dataclass(frozen=True, slots=True)
class Counter:
    """What a request adds to one limit's present window, where no more than `most` may be counted."""

    limit: str
    attribute: str
    most: int
    adds: int


@dataclass(frozen=True, slots=True)
class Take:
    """All that one request takes of its key's limits, or nothing of it."""

    key_id: str
    amount_nano_usd: NanoUsd
    counters: tuple[Counter, ...]
    ticket: str | None
    most_running: int | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What one request took; `give_back` wants it again.

    `at_most_nano_usd` is how much of its cost the budgets cover: hold no more. `headers` are for the client.
    `over_*` is what others left behind, to be tidied up on the way.
    """

    key_id: str
    request_id: str
    at_most_nano_usd: NanoUsd
    headers: dict[str, str] = field(default_factory=dict)
    budgets: tuple[str, ...] = ()
    ticket: str | None = None
    over_tickets: frozenset[str] = frozenset()
    over_windows: tuple[str, ...] = ()


def take_of(caller: Caller, demand: Demand, amount_nano_usd: NanoUsd) -> Take:
    """Everything to be taken for `demand`, with `amount_nano_usd` of each budget."""
    limits = caller.limits
    now = demand.now.astimezone(UTC)
    adds = {REQUESTS_PER_MINUTE: 1, TOKENS_PER_MINUTE: demand.tokens}
    counters = tuple(
        Counter(limit, prefix + window(now), limits[limit], adds.get(limit, amount_nano_usd))
        for limit, (prefix, window) in _WINDOWS.items()
        if limit in limits
    )
    leaves_ticket = CONCURRENT_REQUESTS in limits or not _BUDGETS.keys().isdisjoint(limits)
    return Take(
        key_id=caller.key_id,
        amount_nano_usd=amount_nano_usd,
        counters=counters,
        ticket=_ticket(demand) if leaves_ticket else None,
        most_running=limits.get(CONCURRENT_REQUESTS),
        expires_at=int(now.timestamp()) + KEPT_SECONDS,
    )


def taken_of(caller: Caller, demand: Demand, take: Take, stored: Stored) -> Taken:
    """What was taken; `stored` is the key's item after it."""
    return Taken(
        key_id=take.key_id,
        request_id=demand.request_id,
        at_most_nano_usd=take.amount_nano_usd,
        headers=rate_headers(caller.limits, stored, demand.now),
        budgets=tuple(counter.attribute for counter in take.counters if counter.limit in _BUDGETS),
        ticket=take.ticket,
        over_tickets=expired(stored, demand.now),
        over_windows=stale(stored, demand.now)[:_MOST_TIDIED],
    )


def is_limited(limits: Mapping[str, int]) -> bool:
    """Whether any limit is among `limits` that is counted here."""
    return CONCURRENT_REQUESTS in limits or not _WINDOWS.keys().isdisjoint(limits)


def affordable(limits: Mapping[str, int], stored: Stored, demand: Demand) -> NanoUsd:
    """How much of the request's cost every budget has left; not more than it can cost at the most."""
    left = [_left(limit, limits, stored, demand.now) for limit in _BUDGETS if limit in limits]
    return max(0, min([demand.at_most_nano_usd, *left]))


def refusal_of(limits: Mapping[str, int], stored: Stored, demand: Demand) -> Refusal | None:
    """Why `demand` cannot pass now, or None if it can.

    Of several reasons, the one that lasts longest: money before rates, rates before requests at once.
    """
    for limit, name in _BUDGETS.items():
        if limit in limits and _left(limit, limits, stored, demand.now) < demand.at_least_nano_usd:
            return _over_budget(limit, name, limits, stored, demand)
    headers = rate_headers(limits, stored, demand.now)
    wait = _seconds_left(demand.now)
    for limit, adds in ((TOKENS_PER_MINUTE, demand.tokens), (REQUESTS_PER_MINUTE, 1)):
        if limit in limits and adds > limits[limit]:
            return _never(limits[limit], adds, headers)
        if limit in limits and adds > _left(limit, limits, stored, demand.now):
            what = "requests" if limit == REQUESTS_PER_MINUTE else "tokens"
            message = f"This API key is limited to {limits[limit]} {what} per minute, and too few are left: "
            message += f"this request counts for {adds}. The next minute begins in {wait} s."
            return RateLimitExceeded(message, retry_after_seconds=wait, headers=headers)
    most = limits.get(CONCURRENT_REQUESTS)
    if most is not None and len(tickets(stored)) - len(expired(stored, demand.now)) >= most:
        message = f"This API key is limited to {most} requests at once, and as many are running."
        return RateLimitExceeded(message, retry_after_seconds=1, headers=headers)
    return None


def rate_headers(limits: Mapping[str, int], stored: Stored, now: datetime) -> dict[str, str]:
    """Headers that tell of the limits per minute, in OpenAI's form.

    Source: OpenAI API documentation, "Rate limits in headers".
    """
    headers: dict[str, str] = {}
    for limit, what in ((REQUESTS_PER_MINUTE, "requests"), (TOKENS_PER_MINUTE, "tokens")):
        if limit in limits:
            left = max(0, _left(limit, limits, stored, now))
            headers |= {
                f"x-ratelimit-limit-{what}": str(limits[limit]),
                f"x-ratelimit-remaining-{what}": str(left),
                f"x-ratelimit-reset-{what}": _duration(_seconds_left(now)),
            }
    return headers


def tickets(stored: Stored) -> frozenset[str]:
    """Tickets of all requests that have not given back."""
    return frozenset(stored.get(RUNNING, ()))


def expired(stored: Stored, now: datetime) -> frozenset[str]:
    """Tickets of requests that can no longer be running, whatever became of them."""
    return frozenset(ticket for ticket in tickets(stored) if int(ticket.partition("#")[0]) < now.timestamp())


def in_the_way(limits: Mapping[str, int], stored: Stored, now: datetime) -> frozenset[str]:
    """Expired tickets, if it is they that fill the key's places."""
    most = limits.get(CONCURRENT_REQUESTS)
    return expired(stored, now) if most is not None and len(tickets(stored)) >= most else frozenset()


def stale(stored: Stored, now: datetime) -> tuple[str, ...]:
    """Counters that nobody needs: of windows before the last one.

    That one stays: clocks differ, and a request gives back to the window in which it was taken.
    """
    now = now.astimezone(UTC)
    last = {
        "r#": _minute(now - timedelta(minutes=1)),
        "t#": _minute(now - timedelta(minutes=1)),
        "d#": _day(now - timedelta(days=1)),
        "m#": _month(now.replace(day=1) - timedelta(days=1)),
    }
    return tuple(name for name in stored if name[:2] in last and name[2:] < last[name[:2]])


def _ticket(demand: Demand) -> str:
    """Expiry of the request in epoch seconds, and what tells it from others; short, for all of them share one item."""
    expiry = int(demand.now.timestamp() + demand.seconds) + 1 + CLOCK_SKEW_SECONDS
    return f"{expiry}#{sha256(demand.request_id.encode()).hexdigest()[:12]}"


def _left(limit: str, limits: Mapping[str, int], stored: Stored, now: datetime) -> int:
    prefix, window = _WINDOWS[limit]
    return limits[limit] - int(stored.get(prefix + window(now.astimezone(UTC)), 0))


def _seconds_left(now: datetime) -> int:
    """Seconds to the next minute, from 1 to 60: to wait this long is enough."""
    return 60 - int(now.timestamp()) % 60


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _over_budget(
    limit: str, name: str, limits: Mapping[str, int], stored: Stored, demand: Demand
) -> InsufficientQuota:
    left = max(0, _left(limit, limits, stored, demand.now))
    return InsufficientQuota(
        f"This API key's {name} budget of {to_usd(limits[limit])} USD has {to_usd(left)} USD left that no running "
        f"request holds, and this request may cost up to {to_usd(demand.at_least_nano_usd)} USD. "
        f"The budget begins anew at {_next(limit, demand.now):%Y-%m-%dT%H:%M:%SZ}."
    )


def _next(limit: str, now: datetime) -> datetime:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if limit == DAILY_BUDGET_NANO_USD:
        return midnight + timedelta(days=1)
    return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)


def _never(most: int, needed: int, headers: Mapping[str, str]) -> RateLimitExceeded:
    """Refuse what no minute can hold; SDKs repeat every 429 unless they are told that it is of no use."""
    return RateLimitExceeded(
        f"This request counts for {needed} tokens, and this API key is limited to {most} per minute. "
        "Shorten the prompt, or lower max_tokens.",
        headers={**headers, "x-should-retry": "false"},
    )
