"""The use cases of teams: create, change, suspend, resume; set and remove members."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from aggregator.auth.caller import Caller
from aggregator.billing.money import NanoUsd
from aggregator.errors import Conflict, NotYours
from aggregator.identity.model import User
from aggregator.identity.team import (
    Member,
    Team,
    TeamChange,
    TeamRole,
    change_of_member,
    change_of_team,
    unknown_team,
)
from aggregator.identity.team_store import no_member


class Teams(Protocol):
    """The teams; `TeamStore` behind it."""

    def team(self, team_id: str) -> Team:
        """See `TeamStore.team`."""
        ...

    def member(self, team_id: str, user_id: str) -> Member | None:
        """See `TeamStore.member`."""
        ...

    def create(self, team: Team, change: TeamChange) -> None:
        """See `TeamStore.create`."""
        ...

    def change(self, before: Team, after: Team, change: TeamChange) -> None:
        """See `TeamStore.change`."""
        ...

    def set_member(self, before: Member | None, after: Member, change: TeamChange) -> None:
        """See `TeamStore.set_member`."""
        ...

    def remove_member(self, member: Member, change: TeamChange) -> None:
        """See `TeamStore.remove_member`."""
        ...


class Users(Protocol):
    """The users; `IdentityStore` behind it."""

    def user_if_known(self, user_id: str) -> User | None:
        """See `IdentityStore.user_if_known`."""
        ...


class Wallets(Protocol):
    """The wallets; `BillingStore` behind it."""

    def suspend(self, user_id: str, version: int, *, member: str | None = None) -> None:
        """See `BillingStore.suspend`."""
        ...

    def resume(self, user_id: str, version: int, *, member: str | None = None) -> None:
        """See `BillingStore.resume`."""
        ...


class Plans(Protocol):
    """The plans; `billing.plans.wiring` behind it."""

    def require_plan(self, plan_id: str) -> None:
        """See `set_plan.require_plan`."""
        ...

    def put_on(self, wallet_id: str, plan_id: str | None, version: int) -> None:
        """See `set_plan.put_on`."""
        ...


class InUse(Protocol):
    """Knows whether an id has keys or money already."""

    def __call__(self, user_id: str) -> bool:
        """Whether it has."""
        ...


class Announcer(Protocol):
    """Tells other services of a change that stands; it never fails the change."""

    def announce(self, change: TeamChange) -> None:
        """See `PeopleAnnouncer.announce`."""
        ...


def create(
    team_id: str,
    name: str,
    monthly_budget_nano_usd: NanoUsd | None,
    *,
    by: Caller,
    now: datetime,
    teams: Teams,
    in_use: InUse,
    announcer: Announcer,
) -> Team:
    """Write a team down. Its wallet is there with it, empty.

    Raises:
        Conflict: there is a team or a user of that id, or the id has keys or money; nothing was written.
    """
    if in_use(team_id):
        raise Conflict("teamId: There are keys or money of a user of this id.", param="teamId")
    team = Team(team_id, name, now, by.key_id, now, monthly_budget_nano_usd)
    change = change_of_team(None, team, by=by, now=now)
    teams.create(team, change)
    announcer.announce(change)
    return team


def update(
    team_id: str,
    fields: Mapping[str, Any],
    *,
    by: Caller,
    now: datetime,
    teams: Teams,
    wallets: Wallets,
    plans: Plans,
    announcer: Announcer,
) -> Team:
    """Set `fields` of a team (names of `Team`); a state or a plan that it has already is said again to its wallet.

    Raises:
        NotFound: there is no such team.
        InvalidRequest: there is no such plan; nothing was written.
        Conflict: it was changed at the same moment; nothing was written.
    """
    team = teams.team(team_id)
    changed = team.changed(fields, now)
    if fields.get("plan") is not None:
        plans.require_plan(fields["plan"])
    if changed is not team:
        change = change_of_team(team, changed, by=by, now=now)
        teams.change(team, changed, change)
        announcer.announce(change)
    if "state" in fields:
        (wallets.suspend if changed.is_suspended else wallets.resume)(team_id, changed.version)
    if "plan" in fields:
        plans.put_on(team_id, changed.plan, changed.version)
    return changed


def set_member(
    team_id: str,
    user_id: str,
    role: TeamRole,
    monthly_budget_nano_usd: NanoUsd | None,
    *,
    by: Caller,
    now: datetime,
    teams: Teams,
    users: Users,
    wallets: Wallets,
    announcer: Announcer,
) -> Member:
    """Give a user a place in a team, or another one.

    A user who is suspended is so in this team's wallet as well: the place is written before the user is looked at, and
    whoever suspends looks for places after writing that down.

    Raises:
        NotYours: the caller is neither an admin nor a manager of the team; nothing was written.
        NotFound: there is no such team, as far as the caller may know; nothing was written.
        Conflict: the place was changed at the same moment; nothing was written.
    """
    require_manager(team_id, by, teams)
    before = teams.member(team_id, user_id)
    after = Member(team_id, user_id, role, now, now, monthly_budget_nano_usd)
    if before is not None:
        after = replace(after, added_at=before.added_at, version=before.version + 1)
    if before is None or before.described() != after.described():
        change = change_of_member(before, after, by=by, now=now)
        teams.set_member(before, after, change)
        announcer.announce(change)
    else:
        after = before
    user = users.user_if_known(user_id)
    if user is not None:
        (wallets.suspend if user.is_suspended else wallets.resume)(team_id, user.version, member=user_id)
    return after


def remove_member(
    team_id: str, user_id: str, *, by: Caller, now: datetime, teams: Teams, announcer: Announcer
) -> Member:
    """Take a user's place away; keys of the user that charge the team end within a minute.

    Raises:
        NotYours: the caller is neither an admin nor a manager of the team; nothing was written.
        NotFound: there is no such place; nothing was written.
        Conflict: it was changed at the same moment; nothing was written.
    """
    require_manager(team_id, by, teams)
    member = teams.member(team_id, user_id)
    if member is None:
        raise no_member()
    change = change_of_member(member, None, by=by, now=now)
    teams.remove_member(member, change)
    announcer.announce(change)
    return member


def require_manager(team_id: str, by: Caller, teams: Teams) -> None:
    """Refuse who may not see to a team's members.

    Raises:
        NotFound: the caller is not in it: an id alone tells nobody that there is such a team.
        NotYours: it is, and does not manage it.
    """
    if by.is_admin:
        return
    member = teams.member(team_id, by.user_id)
    if member is None:
        raise unknown_team()
    if member.role != "manager":
        raise NotYours("Only a manager of this team, or an admin, may do that.")
