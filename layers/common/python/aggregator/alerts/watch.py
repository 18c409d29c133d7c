"""Watch: what a user should hear of now, from what the other domains know. Nothing is written here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from aggregator.alerts.model import (
    BALANCE_LOW,
    BUDGET_REACHED,
    KEY_EXPIRING,
    MODEL_RETIRING,
    Alert,
    JsonObject,
)
from aggregator.auth.caller import DAILY_BUDGET_NANO_USD, MONTHLY_BUDGET_NANO_USD
from aggregator.auth.model import ApiKey
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.billing.plans.model import stricter
from aggregator.identity.looking import TeamBudget
from aggregator.runtime.clock import iso

PERCENTS = (50, 80, 100)
EXPIRES_WITHIN = timedelta(days=7)
RETIRES_WITHIN = timedelta(days=30)
RATE_OVER = timedelta(days=7)
"""How far back spending is looked at, to say how many days the money lasts."""

LOW = "balance"
"""The crossing of a balance: it is one until the balance is over its threshold again."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """What a user has, and below what it is low, if that is set."""

    available_nano_usd: NanoUsd
    total_nano_usd: NanoUsd
    threshold_nano_usd: NanoUsd | None

    @property
    def is_low(self) -> bool:
        """Whether there is less than the user set."""
        return self.threshold_nano_usd is not None and self.total_nano_usd < self.threshold_nano_usd


@dataclass(frozen=True, slots=True)
class Retiring:
    """A model that goes, and the day on which it does (`2027-01-14`)."""

    model: str
    day: str


class World(Protocol):
    """What the other domains know of a user."""

    def wallet(self, user_id: str) -> Wallet:
        """What the user has."""
        ...

    def keys(self, user_id: str) -> Iterable[ApiKey]:
        """The user's keys."""
        ...

    def spent(self, user_id: str, since: datetime, until: datetime, by: str) -> dict[str, NanoUsd]:
        """What the user's requests cost in whole hours, by a dimension (`key`, `model`)."""
        ...

    def plan_limits(self, wallet_id: str) -> Mapping[str, int]:
        """What the plan of a user or a team allows each key; nothing without one."""
        ...

    def team_budgets(self, user_id: str, now: datetime) -> Iterable[TeamBudget]:
        """The user's budgets in teams, and those of teams that the user manages."""
        ...

    def retiring(self) -> Iterable[Retiring]:
        """The models that will go."""
        ...


def alerts_of(user_id: str, world: World, now: datetime) -> Iterator[Alert]:
    """All that a user should hear of now, told before or not."""
    keys = list(world.keys(user_id))
    yield from _balance(user_id, world, now)
    yield from _budgets(user_id, keys, world, now)
    yield from _team_budgets(user_id, world, now)
    yield from _expiring(user_id, [key for key in keys if key.status(now) == "active"], now)
    yield from _retiring(user_id, world, now)


def _balance(user_id: str, world: World, now: datetime) -> Iterator[Alert]:
    wallet = world.wallet(user_id)
    if not wallet.is_low:
        return
    spent = sum(world.spent(user_id, now - RATE_OVER, now, "model").values())
    a_day = spent // RATE_OVER.days
    data: JsonObject = {
        "availableUsd": to_usd(wallet.available_nano_usd),
        "totalUsd": to_usd(wallet.total_nano_usd),
        "thresholdUsd": to_usd(wallet.threshold_nano_usd or 0),
        "spentADayUsd": to_usd(a_day),
        "daysLeft": None if a_day <= 0 else max(0, wallet.total_nano_usd) // a_day,
    }
    yield Alert(user_id, BALANCE_LOW, LOW, data)


def _budgets(user_id: str, keys: list[ApiKey], world: World, now: datetime) -> Iterator[Alert]:
    """The highest mark that each budget has reached; keys that a key made count against its own.

    A key has the stricter budget of its own and of the plan of the wallet that it charges.
    """
    today = _day(now)
    periods = (
        ("day", DAILY_BUDGET_NANO_USD, today, today + timedelta(days=1)),
        ("month", MONTHLY_BUDGET_NANO_USD, today.replace(day=1), _next_month(today)),
    )
    active = [key for key in keys if key.status(now) == "active"]
    wallets = {key.team_id or user_id for key in active}
    of_plan = {wallet_id: world.plan_limits(wallet_id) for wallet_id in sorted(wallets)}
    limits = {key.key_id: stricter(key.grant.limits, of_plan[key.team_id or user_id]) for key in active}
    for period, limit, begins, ends in periods:
        limited = [key for key in active if limit in limits[key.key_id]]
        spent = world.spent(user_id, begins, now, "key") if limited else {}
        for key in limited:
            line = [each.key_id for each in keys if key.key_id in (each.key_id, *each.line)]
            budget, used = limits[key.key_id][limit], sum(spent.get(key_id, 0) for key_id in line)
            about: JsonObject = {"keyId": key.key_id, "keyName": key.grant.name}
            yield from _reached(user_id, key.key_id, about, _Budget(period, budget, used, begins, ends))


def _team_budgets(user_id: str, world: World, now: datetime) -> Iterator[Alert]:
    """The same of months in teams: the user's own in each, and the team's for who manages it."""
    begins = _day(now).replace(day=1)
    for each in world.team_budgets(user_id, now):
        about: JsonObject = {
            "teamId": each.team.team_id,
            "teamName": each.team.name,
            "level": each.level,
        }
        budget = _Budget("month", each.budget_nano_usd, each.spent_nano_usd, begins, _next_month(begins))
        yield from _reached(user_id, f"{each.level} {each.team.team_id}", about, budget)


class _Budget(NamedTuple):
    period: str
    most: NanoUsd
    used: NanoUsd
    begins: datetime
    ends: datetime


def _reached(user_id: str, of: str, about: JsonObject, budget: _Budget) -> Iterator[Alert]:
    reached = [percent for percent in PERCENTS if budget.used * 100 >= budget.most * percent]
    if not reached:
        return
    data: JsonObject = {
        **about,
        "period": budget.period,
        "percent": reached[-1],
        "budgetUsd": to_usd(budget.most),
        "spentUsd": to_usd(budget.used),
        "beginsAnewAt": iso(budget.ends),
    }
    crossing = f"budget {of} {budget.period} {budget.begins.date()} {reached[-1]}"
    yield Alert(user_id, BUDGET_REACHED, crossing, data)


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_month(day: datetime) -> datetime:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _expiring(user_id: str, keys: list[ApiKey], now: datetime) -> Iterator[Alert]:
    for key in keys:
        ends = key.grant.expires_at
        if ends is None or ends - now > EXPIRES_WITHIN:
            continue
        data = {"keyId": key.key_id, "keyName": key.grant.name, "expiresAt": iso(ends)}
        yield Alert(user_id, KEY_EXPIRING, f"key {key.key_id} {iso(ends)}", data)


def _retiring(user_id: str, world: World, now: datetime) -> Iterator[Alert]:
    last = (now + RETIRES_WITHIN).date().isoformat()
    going = [each for each in world.retiring() if now.date().isoformat() <= each.day <= last]
    used = world.spent(user_id, now - RETIRES_WITHIN, now, "model") if going else {}
    for each in going:
        if each.model in used:
            data = {"model": each.model, "retiresAt": each.day}
            yield Alert(user_id, MODEL_RETIRING, f"model {each.model} {each.day}", data)
