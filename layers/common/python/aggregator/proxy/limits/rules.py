"""Rules of a key's limits: what a request counts for, what is left, and what a refusal says. Pure.

A budget counts the upper bound of a running request's cost, and what it did cost afterwards: requests at the same time
cannot overspend it together. Tokens and money per minute are counted alike: what a request may come to first, and
afterwards, while the minute lasts, what it did.

A request that has something to give back leaves a ticket, `<expiry>#<hash of its id>`, in a set. The set's size is the
number of running requests; giving back is conditional on the ticket, so it happens once; and the ticket of a request
that died means nothing after its expiry.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from aggregator.auth.caller import (
    CONCURRENT_REQUESTS,
    REQUESTS_PER_MINUTE,
    TOKENS_PER_MINUTE,
    USD_PER_MINUTE,
    Caller,
)
from aggregator.billing.model import CLOCK_SKEW_SECONDS
from aggregator.billing.money import NanoUsd
from aggregator.errors import Refusal
from aggregator.proxy.limits.counts import (
    BUDGETS,
    MONEY,
    WINDOWS,
    Owner,
    Stored,
    expired,
    item_of,
    owners_of,
    rate_headers,
    seconds_left,
    stale,
    tickets,
)

KEPT_SECONDS = 35 * 24 * 3600
"""An item that nothing was taken from for this long (a month and a margin) counts for no window any more."""

_MOST_TIDIED = 40  # names that one write takes away: DynamoDB takes expressions of up to 4 KB
_GIVES_BACK = frozenset({CONCURRENT_REQUESTS, TOKENS_PER_MINUTE, *MONEY})


class Reply(NamedTuple):
    """Tokens of an answer, of all its choices, whose length the client left open.

    `most` is what the model can say, `usual` what there must be room for, and `least` what will do where half a minute
    has no room for that.
    """

    most: int
    usual: int
    least: int


NO_REPLY = Reply(0, 0, 0)


class Demand(NamedTuple):
    """What one request asks of its key's limits; `seconds` is the longest it can run.

    `tokens` is an estimate of its input, and the output that the client asked for; `reply` is an answer left open.
    `counted` are the minutes that it is one of the requests of already, for it begins anew.
    """

    request_id: str
    now: datetime
    seconds: float
    tokens: int
    at_most_nano_usd: NanoUsd
    at_least_nano_usd: NanoUsd
    reply: Reply = NO_REPLY
    counted: tuple[str, ...] = ()


class Counter(NamedTuple):
    """What a request adds to one limit's present window, where no more than `most` may be counted."""

    limit: str
    attribute: str
    most: int
    adds: int


class Take(NamedTuple):
    """All that one request takes of the limits that hold for it, or nothing of it.

    `places` are the sets that its ticket goes into, its key's own first, with the most that each may hold.
    """

    key_id: str
    amount_nano_usd: NanoUsd
    tokens: int
    counters: tuple[Counter, ...]
    ticket: str | None
    places: Mapping[str, int | None]
    expires_at: int


class Taken(NamedTuple):
    """What one request took; `give_back` wants it again. `key_id` is the key's in whose item it counts.

    `at_most_nano_usd` is how much of its cost the budgets cover: hold no more. `reply_tokens` is how long an answer
    that the client left open may become, all choices together; None if no limit says. `headers` are for the client.
    `minutes` are the counters of `tokens`, `money_minutes` those of money in a minute, `requests` those of requests.
    `over_*` is what others left behind, to be tidied up on the way.
    """

    key_id: str
    request_id: str
    at_most_nano_usd: NanoUsd
    headers: Mapping[str, str] = {}
    budgets: tuple[str, ...] = ()
    minutes: tuple[str, ...] = ()
    money_minutes: tuple[str, ...] = ()
    tokens: int = 0
    reply_tokens: int | None = None
    minute_ends_at: int = 0
    ticket: str | None = None
    places: tuple[str, ...] = ("running",)
    over_tickets: Mapping[str, frozenset[str]] = {}
    over_windows: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()

    def headers_after(self, used_tokens: int) -> Mapping[str, str]:
        """`headers` once it is known what the request used."""
        said, most = "x-ratelimit-remaining-tokens", "x-ratelimit-limit-tokens"
        if said not in self.headers:
            return self.headers
        left = int(self.headers[said]) + self.tokens - used_tokens
        return {**self.headers, said: str(min(max(0, left), int(self.headers[most])))}


class Back(NamedTuple):
    """What a request that is over returns: money that it did not spend, and tokens (less than 0: it used more).

    `minute_nano_usd` is that money once more, to a minute that is not over. `ends` is when saying so must be over, on
    the monotonic clock.
    """

    nano_usd: NanoUsd
    minute_nano_usd: NanoUsd
    tokens: int
    ends: float | None = None


def take_of(caller: Caller, demand: Demand, stored: Stored) -> Take:
    """Everything to be taken for `demand`: of budgets what it may cost, or what is left; of tokens alike."""
    owners = owners_of(caller)
    amount, tokens = affordable(owners, stored, demand), _tokens_granted(owners, stored, demand)
    adds = {TOKENS_PER_MINUTE: tokens}
    counters = tuple(
        Counter(
            limit,
            window := owner.window(limit, demand.now),
            owner.limits[limit],
            _requests(demand, window) if limit == REQUESTS_PER_MINUTE else adds.get(limit, amount),
        )
        for owner in owners
        for limit in WINDOWS
        if limit in owner.limits and (amount or limit not in MONEY)
    )
    leaves_ticket = any(not _GIVES_BACK.isdisjoint(owner.limits) for owner in owners)
    return Take(
        key_id=item_of(caller),
        amount_nano_usd=amount,
        tokens=tokens,
        counters=counters,
        ticket=_ticket(demand) if leaves_ticket else None,
        places={
            owner.running: owner.most_running
            for owner in reversed(owners)
            if owner.is_caller or owner.most_running is not None
        },
        expires_at=int(demand.now.timestamp()) + KEPT_SECONDS,
    )


def _requests(demand: Demand, window: str) -> int:
    """What a request adds to a minute's requests: nothing where it is one of them already."""
    return 0 if window in demand.counted else 1


def taken_of(caller: Caller, demand: Demand, take: Take, stored: Stored) -> Taken:
    """What was taken; `stored` is the item after it."""
    owners = owners_of(caller)
    minutes, money_minutes = (
        tuple(each.attribute for each in take.counters if each.limit == limit)
        for limit in (TOKENS_PER_MINUTE, USD_PER_MINUTE)
    )
    return Taken(
        key_id=take.key_id,
        request_id=demand.request_id,
        at_most_nano_usd=take.amount_nano_usd,
        headers=rate_headers(owners, stored, demand.now),
        budgets=tuple(each.attribute for each in take.counters if each.limit in BUDGETS),
        minutes=minutes,
        money_minutes=money_minutes,
        tokens=take.tokens,
        reply_tokens=take.tokens - demand.tokens if minutes and demand.reply.most else None,
        minute_ends_at=int(demand.now.timestamp()) + seconds_left(demand.now),
        ticket=take.ticket,
        places=tuple(take.places),
        over_tickets={owner.running: expired(stored, owner, demand.now) for owner in owners},
        over_windows=stale(stored, demand.now)[:_MOST_TIDIED],
        requests=tuple(each.attribute for each in take.counters if each.limit == REQUESTS_PER_MINUTE),
    )


def affordable(owners: tuple[Owner, ...], stored: Stored, demand: Demand) -> NanoUsd:
    """How much of the request's cost every budget has left; not more than it can cost at the most.

    What a minute has not left as a whole takes half of what it has, so that others have room meanwhile; or its least.
    """
    left = [
        owner.left(limit, stored, demand.now)
        for owner in owners
        for limit in BUDGETS
        if limit in owner.limits
    ]
    fits = max(0, min([demand.at_most_nano_usd, *left]))
    of_minute = min(_left_of_minutes(owners, USD_PER_MINUTE, stored, demand.now), default=fits)
    return fits if fits <= of_minute else min(fits, max(demand.at_least_nano_usd, of_minute // 2))


def refusal_of(owners: tuple[Owner, ...], stored: Stored, demand: Demand) -> Refusal | None:
    """Why `demand` cannot pass now, or None if it can.

    What costs nothing passes every budget, one that was lowered below what is spent of it as well. Of several reasons,
    the one that lasts longest: money before rates, rates before requests at once.
    """
    from aggregator.proxy.limits import refusals as limit_refusals  # noqa: PLC0415 (only who is refused pays for it)

    for limit in BUDGETS:
        for owner in owners:
            left = max(0, owner.left(limit, stored, demand.now)) if limit in owner.limits else None
            if left is not None and left < demand.at_least_nano_usd:
                return limit_refusals.over_budget(
                    limit, owner, stored, needed=demand.at_least_nano_usd, now=demand.now
                )
    headers = rate_headers(owners, stored, demand.now)
    for limit, adds in (
        (USD_PER_MINUTE, demand.at_least_nano_usd),
        (TOKENS_PER_MINUTE, _tokens_needed(owners, demand)),
        (REQUESTS_PER_MINUTE, 1),
    ):
        limited = [
            owner
            for owner in owners
            if limit in owner.limits
            and (adds or limit not in MONEY)
            and not (demand.counted and owner.window(limit, demand.now) in demand.counted)
        ]
        for owner in limited:
            if adds > owner.limits[limit]:
                return limit_refusals.never(limit, owner, adds, headers, demand.now)
        for owner in limited:
            left = owner.left(limit, stored, demand.now)
            if adds > left:
                return limit_refusals.over_rate(
                    limit, owner, adds, left=left, headers=headers, now=demand.now
                )
    return next(
        (
            limit_refusals.over_places(owner, headers)
            for owner in owners
            if _is_full(owner, stored, demand.now)
        ),
        None,
    )


def back_of(
    taken: Taken,
    *,
    spent_nano_usd: NanoUsd,
    used_tokens: int | None,
    now: datetime | None,
    ends: float | None,
) -> Back:
    """What goes back at `now`, or within the minute: one that is over needs no correction, and may be tidied away."""
    is_over = now is not None and now.timestamp() >= taken.minute_ends_at
    unspent = max(0, taken.at_most_nano_usd - spent_nano_usd)
    return Back(
        nano_usd=unspent if taken.budgets else 0,
        minute_nano_usd=unspent if taken.money_minutes and not is_over else 0,
        tokens=0 if is_over or not taken.minutes or used_tokens is None else taken.tokens - used_tokens,
        ends=ends,
    )


def _tokens_needed(owners: tuple[Owner, ...], demand: Demand) -> int:
    """What there must be room for: of an answer left open, the usual, or half of what a minute has for it."""
    reply = demand.reply
    most = min(
        (owner.limits[TOKENS_PER_MINUTE] for owner in owners if TOKENS_PER_MINUTE in owner.limits), default=0
    )
    return demand.tokens + min(reply.usual, max(reply.least, (most - demand.tokens) // 2))


def _tokens_granted(owners: tuple[Owner, ...], stored: Stored, demand: Demand) -> int:
    """What is taken: of an answer left open no more than half of what is left, so that others have room meanwhile."""
    left = _left_of_minutes(owners, TOKENS_PER_MINUTE, stored, demand.now)
    share = (min(left, default=0) - demand.tokens) // 2
    return max(_tokens_needed(owners, demand), demand.tokens + min(demand.reply.most, share))


def _left_of_minutes(owners: tuple[Owner, ...], limit: str, stored: Stored, now: datetime) -> list[int]:
    return [owner.left(limit, stored, now) for owner in owners if limit in owner.limits]


def _ticket(demand: Demand) -> str:
    """Expiry of the request in epoch seconds, and what tells it from others; short, for all of them share one item."""
    expiry = int(demand.now.timestamp() + demand.seconds) + 1 + CLOCK_SKEW_SECONDS
    return f"{expiry}#{sha256(demand.request_id.encode()).hexdigest()[:12]}"


def _is_full(owner: Owner, stored: Stored, now: datetime) -> bool:
    running = len(tickets(stored, owner)) - len(expired(stored, owner, now))
    return owner.most_running is not None and running >= owner.most_running
