"""The use cases of users and teams, with their collaborators; the only reader of this domain's environment."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from aggregator.auth import wiring as auth
from aggregator.auth.caller import Caller
from aggregator.billing import wiring as billing
from aggregator.billing.model import Account
from aggregator.billing.money import NanoUsd
from aggregator.billing.plans import wiring as plans
from aggregator.identity import binding, looking, teams, users
from aggregator.identity.announce import PeopleAnnouncer
from aggregator.identity.binding import Person
from aggregator.identity.looking import SeenMember, SeenTeam, TeamBudget
from aggregator.identity.model import Change, Profile, User
from aggregator.identity.nonces import Nonces
from aggregator.identity.store import IdentityStore
from aggregator.identity.table import IdentityTable
from aggregator.identity.team import Member, Team, TeamRole
from aggregator.identity.team_store import TeamStore
from aggregator.proxy.limits.spent import TeamCounts
from aggregator.runtime.boto_client import BotoClient

_TEAMS_AT_ONCE = 100


@cache
def _table() -> IdentityTable:
    return IdentityTable(BotoClient("dynamodb"), os.environ["IDENTITY_TABLE"])


@cache
def store() -> IdentityStore:
    """The users in the identity table."""
    return IdentityStore(_table())


@cache
def team_store() -> TeamStore:
    """The teams in it."""
    return TeamStore(_table())


@cache
def _counts() -> TeamCounts:
    return TeamCounts(BotoClient("dynamodb"), os.environ["PROXY_TABLE"])


@cache
def announcer() -> PeopleAnnouncer:
    """The platform's bus; it may hold up an answer for a second or two, not longer."""
    return PeopleAnnouncer(BotoClient("events", read_timeout_seconds=2, attempts=2), os.environ["EVENT_BUS"])


@cache
def nonces() -> Nonces:
    """The nonces of sign-ins in it."""
    return Nonces(_table())


def user_for(person: Person, *, by_key_id: str, now: datetime) -> User:
    """See `binding.user_for`."""
    return binding.user_for(person, by_key_id=by_key_id, now=now, users=store(), announcer=announcer())


def is_as_read(user: User) -> bool:
    """Whether a user is still as it was read."""
    found = store().user_if_known(user.user_id)
    return found is not None and found.version == user.version


def create_user(user_id: str | None, profile: Profile, *, by: Caller, now: datetime) -> User:
    """See `users.create`."""
    return users.create(user_id, profile, by=by, now=now, users=store(), announcer=announcer())


def update_user(user_id: str, fields: Mapping[str, Any], *, by: Caller, now: datetime) -> User:
    """See `users.update`."""
    return users.update(
        user_id,
        fields,
        by=by,
        now=now,
        users=store(),
        wallets=billing.store(),
        keys=auth.keys_follow,
        plans=plans,
        sessions=auth.end_sessions,
        announcer=announcer(),
    )


def get_user(user_id: str, *, by: Caller) -> tuple[User, list[Change]]:
    """A user with its history, for itself or for an admin.

    Raises:
        NotYours: it is another user's.
        NotFound: there is no such record.
    """
    by.require_user(user_id)
    return store().user(user_id), store().history(user_id)


def list_users(limit: int, after: str | None, email: str | None) -> tuple[list[User], str | None]:
    """A page of users, or the one who has an address."""
    if email is None:
        return store().page(limit, after)
    found = store().user_with(email)
    return ([] if found is None else [found]), None


def create_team(
    team_id: str, name: str, monthly_budget_nano_usd: NanoUsd | None, *, by: Caller, now: datetime
) -> Team:
    """See `teams.create`."""
    return teams.create(
        team_id,
        name,
        monthly_budget_nano_usd,
        by=by,
        now=now,
        teams=team_store(),
        in_use=_in_use,
        announcer=announcer(),
    )


def update_team(team_id: str, fields: Mapping[str, Any], *, by: Caller, now: datetime) -> Team:
    """See `teams.update`."""
    return teams.update(
        team_id,
        fields,
        by=by,
        now=now,
        teams=team_store(),
        wallets=billing.store(),
        plans=plans,
        announcer=announcer(),
    )


def list_teams(
    user_id: str | None, limit: int, after: str | None, *, by: Caller
) -> tuple[list[tuple[Team, Member | None]], str | None]:
    """A page of the teams that a user is in, with the user's place; of all teams for an admin who names nobody.

    Raises:
        NotYours: they are another user's.
    """
    if user_id is None and by.is_admin:
        teams, more = team_store().page(limit, after)
        return [(team, None) for team in teams], more
    user_id = user_id or by.user_id
    by.require_user(user_id)
    return team_store().of_user(user_id, limit, after)


def budgets_of(user_id: str, now: datetime) -> Iterator[TeamBudget]:
    """See `looking.budgets_of`; teams are read a page at a time."""
    after: str | None = None
    while True:
        places, after = team_store().of_user(user_id, _TEAMS_AT_ONCE, after)
        yield from looking.budgets_of(user_id, places, now=now, counts=_counts())
        if after is None:
            return


def get_team(team_id: str, *, by: Caller, now: datetime) -> SeenTeam:
    """See `looking.team_as_seen`."""
    return looking.team_as_seen(
        team_id, by=by, now=now, teams=team_store(), counts=_counts(), wallet=billing.store().account
    )


def list_members(
    team_id: str, limit: int, after: str | None, *, by: Caller, now: datetime
) -> tuple[list[SeenMember], str | None]:
    """See `looking.members_as_seen`."""
    return looking.members_as_seen(
        team_id, limit, after, by=by, now=now, teams=team_store(), counts=_counts()
    )


def set_member(
    team_id: str,
    user_id: str,
    role: TeamRole,
    monthly_budget_nano_usd: NanoUsd | None,
    *,
    by: Caller,
    now: datetime,
) -> Member:
    """See `teams.set_member`."""
    return teams.set_member(
        team_id,
        user_id,
        role,
        monthly_budget_nano_usd,
        by=by,
        now=now,
        teams=team_store(),
        users=store(),
        wallets=billing.store(),
        announcer=announcer(),
    )


def remove_member(team_id: str, user_id: str, *, by: Caller, now: datetime) -> Member:
    """See `teams.remove_member`."""
    return teams.remove_member(team_id, user_id, by=by, now=now, teams=team_store(), announcer=announcer())


def _in_use(user_id: str) -> bool:
    """Whether an id has keys, or has ever had money."""
    keys, _ = auth.keys().page_of(user_id, limit=1, after=None)
    return bool(keys) or tuple(billing.store().account(user_id)) != tuple(Account(user_id))
