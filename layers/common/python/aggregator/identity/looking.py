"""The use cases of who looks at a team: what each may see of it.

An admin and a manager of the team see all of it. Any other member sees the team, and of its members the own place
alone: what others may spend, and what they spent, is not theirs to know.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from aggregator.auth.caller import Caller
from aggregator.billing.model import Account
from aggregator.billing.money import NanoUsd
from aggregator.identity.team import Member, Team, TeamChange, TeamRole, unknown_team


class Teams(Protocol):
    """The teams; `TeamStore` behind it."""

    def team(self, team_id: str) -> Team:
        """See `TeamStore.team`."""
        ...

    def member(self, team_id: str, user_id: str) -> Member | None:
        """See `TeamStore.member`."""
        ...

    def members(self, team_id: str, limit: int, after: str | None) -> tuple[list[Member], str | None]:
        """See `TeamStore.members`."""
        ...

    def history(self, team_id: str) -> list[TeamChange]:
        """See `TeamStore.history`."""
        ...


class Month(Protocol):
    """What a team's budgets count; `TeamMonth` behind it."""

    def of_team(self) -> NanoUsd:
        """See `TeamMonth.of_team`."""
        ...

    def of_member(self, user_id: str) -> NanoUsd:
        """See `TeamMonth.of_member`."""
        ...


class Counts(Protocol):
    """The counts of teams; `TeamCounts` behind it."""

    def month(self, team_id: str, now: datetime) -> Month:
        """See `TeamCounts.month`."""
        ...


@dataclass(frozen=True, slots=True)
class SeenTeam:
    """A team as somebody sees it. `role` is the caller's own in it; `wallet` is there for who sees to the team.

    `spent_nano_usd` is what the team's budget counts this month; None where there is none, for nothing is counted.
    """

    team: Team
    role: TeamRole | None
    spent_nano_usd: NanoUsd | None
    wallet: Account | None
    history: list[TeamChange]


@dataclass(frozen=True, slots=True)
class SeenMember:
    """A place in a team, with what its budget counts this month; None where it has none."""

    member: Member
    spent_nano_usd: NanoUsd | None


@dataclass(frozen=True, slots=True)
class TeamBudget:
    """A month's budget in a team that concerns a user, of the team or of the user in it, and what it counts."""

    team: Team
    level: Literal["team", "member"]
    budget_nano_usd: NanoUsd
    spent_nano_usd: NanoUsd


def budgets_of(
    user_id: str, places: Iterable[tuple[Team, Member | None]], *, now: datetime, counts: Counts
) -> Iterator[TeamBudget]:
    """The user's own budget in each team, and the team's where the user manages it."""
    for team, place in places:
        own = None if place is None else place.monthly_budget_nano_usd
        whole = team.monthly_budget_nano_usd if place is not None and place.role == "manager" else None
        if own is None and whole is None:
            continue
        month = counts.month(team.team_id, now)
        if whole is not None:
            yield TeamBudget(team, "team", whole, month.of_team())
        if own is not None:
            yield TeamBudget(team, "member", own, month.of_member(user_id))


def team_as_seen(
    team_id: str, *, by: Caller, now: datetime, teams: Teams, counts: Counts, wallet: Callable[[str], Account]
) -> SeenTeam:
    """A team with its history, for its members or for an admin.

    Raises:
        NotFound: there is no such team, as far as the caller may know.
    """
    place = _place(team_id, by, teams)
    team = teams.team(team_id)
    sees_all = _sees_all(by, place)
    return SeenTeam(
        team=team,
        role=None if place is None else place.role,
        spent_nano_usd=None if team.monthly_budget_nano_usd is None else counts.month(team_id, now).of_team(),
        wallet=wallet(team_id) if sees_all else None,
        history=[
            change
            for change in teams.history(team_id)
            if sees_all or change.member_user_id in (None, by.user_id)
        ],
    )


def members_as_seen(
    team_id: str,
    limit: int,
    after: str | None,
    *,
    by: Caller,
    now: datetime,
    teams: Teams,
    counts: Counts,
) -> tuple[list[SeenMember], str | None]:
    """A page of a team's members, likewise; for who does not see to the team, the own place alone."""
    place = _place(team_id, by, teams)
    teams.team(team_id)
    if place is None or _sees_all(by, place):
        members, more = teams.members(team_id, limit, after)
    else:
        members, more = [place], None
    limited = any(each.monthly_budget_nano_usd is not None for each in members)
    month = counts.month(team_id, now) if limited else None
    return [SeenMember(each, _spent(each, month)) for each in members], more


def _spent(member: Member, month: Month | None) -> NanoUsd | None:
    if month is None or member.monthly_budget_nano_usd is None:
        return None
    return month.of_member(member.user_id)


def _place(team_id: str, by: Caller, teams: Teams) -> Member | None:
    """The caller's own place, which only an admin can do without."""
    place = teams.member(team_id, by.user_id)
    if place is None and not by.is_admin:
        raise unknown_team()
    return place


def _sees_all(by: Caller, place: Member | None) -> bool:
    return by.is_admin or (place is not None and place.role == "manager")
