"""What one item counts: the windows of limits, tickets of running requests, and whose they are. Pure.

Windows are calendar minutes, days and months in UTC. Each has a counter of its own, an attribute named by the window,
so a new window begins at nothing without anybody setting it back.

A key that other keys with limits made counts against all of theirs as well. So that one write takes them all or none,
the counts of such a line are in the item of its first key that has limits; what belongs to another key than that one
has its id at the end: `d#2026-11-23` is the first key's day, `d#2026-11-23#<keyId>` a descendant's.

Keys that charge a team all count in the team's item, whatever limits there are: `m#2026-11` is the team's month there,
`m#2026-11#@<userId>` a member's, and what belongs to a key has its id at the end.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aggregator.auth.caller import (
    CONCURRENT_REQUESTS,
    DAILY_BUDGET_NANO_USD,
    MONTHLY_BUDGET_NANO_USD,
    REQUESTS_PER_MINUTE,
    TOKENS_PER_MINUTE,
    USD_PER_MINUTE,
    Caller,
    Team,
)

RUNNING = "running"
"""Attribute with the tickets."""

Stored = Mapping[str, Any]
"""The item of a key, as Python values."""

BUDGETS = {MONTHLY_BUDGET_NANO_USD: "monthly", DAILY_BUDGET_NANO_USD: "daily"}
MONEY = frozenset({USD_PER_MINUTE, *BUDGETS})
"""Limits that count what requests cost."""


def _minute(moment: datetime) -> str:
    return str(int(moment.timestamp()) // 60)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _month(moment: datetime) -> str:
    return f"{moment:%Y-%m}"


WINDOWS: dict[str, tuple[str, Callable[[datetime], str]]] = {
    REQUESTS_PER_MINUTE: ("r#", _minute),
    TOKENS_PER_MINUTE: ("t#", _minute),
    USD_PER_MINUTE: ("u#", _minute),
    DAILY_BUDGET_NANO_USD: ("d#", _day),
    MONTHLY_BUDGET_NANO_USD: ("m#", _month),
}


KEY, KEY_ABOVE, TEAM, MEMBER = ("key", "key_above", "team", "member")
"""Levels of limits: the caller's own key, one that it descends from, its team, its user's place in that."""


class Owner(NamedTuple):
    """Whose limits hold for a request, and on which level. `suffix` ends its attributes' names."""

    suffix: str
    limits: Mapping[str, int]
    level: str

    @property
    def is_caller(self) -> bool:
        """Whether it is the key that the request came with."""
        return self.level == KEY

    def window(self, limit: str, now: datetime) -> str:
        """Attribute of this key's counter for a limit's present window."""
        prefix, window = WINDOWS[limit]
        return prefix + window(now.astimezone(UTC)) + self.suffix

    def left(self, limit: str, stored: Stored, now: datetime) -> int:
        """What is left of a limit in its present window; less than nothing where the limit was lowered."""
        return self.limits[limit] - int(stored.get(self.window(limit, now), 0))

    @property
    def running(self) -> str:
        """Attribute with the tickets that count for this key."""
        return RUNNING + self.suffix

    @property
    def most_running(self) -> int | None:
        """How many requests may run at once."""
        return self.limits.get(CONCURRENT_REQUESTS)


def item_of(caller: Caller) -> str:
    """In whose item the caller's requests count: its team's, or that of the first key of its line that has limits."""
    if caller.team is not None:
        return f"TEAM#{caller.team.team_id}"
    return next((above.key_id for above in caller.over if above.limits), caller.key_id)


def owners_of(caller: Caller) -> tuple[Owner, ...]:
    """Whose limits hold for the caller: its team's, those of the keys over it, the first maker first, and its own."""
    first = item_of(caller)
    line = [(above.key_id, above.limits) for above in caller.over if above.limits]
    keys = tuple(
        Owner("" if key_id == first else f"#{key_id}", limits, KEY if key_id == caller.key_id else KEY_ABOVE)
        for key_id, limits in (*line, (caller.key_id, caller.limits))
    )
    return keys if caller.team is None else (*_owners_in(caller.team, caller.user_id), *keys)


def _owners_in(team: Team, user_id: str) -> Iterator[Owner]:
    """The team, and the user's place in it, where they are limited."""
    if team.monthly_nano_usd is not None:
        yield Owner("", {MONTHLY_BUDGET_NANO_USD: team.monthly_nano_usd}, TEAM)
    if team.member_monthly_nano_usd is not None:
        yield Owner(f"#@{user_id}", {MONTHLY_BUDGET_NANO_USD: team.member_monthly_nano_usd}, MEMBER)


def is_limited(caller: Caller) -> bool:
    """Whether any limit holds for the caller."""
    if caller.limits or (caller.over and any(above.limits for above in caller.over)):
        return True
    team = caller.team
    return team is not None and (team.monthly_nano_usd, team.member_monthly_nano_usd) != (None, None)


def tickets(stored: Stored, owner: Owner) -> frozenset[str]:
    """Tickets of all requests of an owner that have not given back."""
    return frozenset(stored.get(owner.running, ()))


def expired(stored: Stored, owner: Owner, now: datetime) -> frozenset[str]:
    """Tickets of requests that can no longer be running, whatever became of them."""
    return frozenset(
        ticket for ticket in tickets(stored, owner) if int(ticket.partition("#")[0]) < now.timestamp()
    )


def in_the_way(owners: tuple[Owner, ...], stored: Stored, now: datetime) -> dict[str, frozenset[str]]:
    """Expired tickets, by their attribute, where it is they that fill an owner's places."""
    return {
        owner.running: dead
        for owner in owners
        if owner.most_running is not None and len(tickets(stored, owner)) >= owner.most_running
        if (dead := expired(stored, owner, now))
    }


def stale(stored: Stored, now: datetime) -> tuple[str, ...]:
    """Counters that nobody needs: of windows before the last one, whosever they are.

    That one stays: clocks differ, and a request gives back to the window in which it was taken.
    """
    now = now.astimezone(UTC)
    last = {
        "r#": _minute(now - timedelta(minutes=1)),
        "t#": _minute(now - timedelta(minutes=1)),
        "u#": _minute(now - timedelta(minutes=1)),
        "d#": _day(now - timedelta(days=1)),
        "m#": _month(now.replace(day=1) - timedelta(days=1)),
    }
    return tuple(name for name in stored if name[:2] in last and name[2:].partition("#")[0] < last[name[:2]])


def rate_headers(owners: tuple[Owner, ...], stored: Stored, now: datetime) -> dict[str, str]:
    """Headers that tell of the limits per minute, in OpenAI's form; of several, the one of which least is left.

    Source: OpenAI API documentation, "Rate limits in headers".
    """
    headers: dict[str, str] = {}
    for limit, what in ((REQUESTS_PER_MINUTE, "requests"), (TOKENS_PER_MINUTE, "tokens")):
        limited = [
            (owner.left(limit, stored, now), owner.limits[limit]) for owner in owners if limit in owner.limits
        ]
        if limited:
            left, most = min(limited)
            headers |= {
                f"x-ratelimit-limit-{what}": str(most),
                f"x-ratelimit-remaining-{what}": str(max(0, left)),
                f"x-ratelimit-reset-{what}": _duration(seconds_left(now)),
            }
    return headers


def seconds_left(now: datetime) -> int:
    """Seconds to the next minute, from 1 to 60: to wait this long is enough."""
    return 60 - int(now.timestamp()) % 60


def next_window(budget: str, now: datetime) -> datetime:
    """When a budget begins anew."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if budget == DAILY_BUDGET_NANO_USD:
        return midnight + timedelta(days=1)
    return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


class Full(Exception):
    """Some limit of the key does not allow it; `stored` is what is counted. Nothing was taken."""

    def __init__(self, stored: Stored) -> None:
        super().__init__("a limit is used up")
        self.stored = stored
