"""Requests and answers of `/identity/teams`."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from aggregator.auth.fields import Budget
from aggregator.billing.money import NanoUsd, to_nano_usd, to_usd
from aggregator.identity.model import State
from aggregator.identity.team import Member, Team, TeamAction, TeamChange, TeamRole
from aggregator.runtime.schema import Moment, Request, Response, UserId

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Field(examples=["The crew"])
]
TeamId = Annotated[UserId, Field(examples=["crew"])]


class CreateTeamRequest(Request):
    """A new team, with an empty wallet under its id. Without a budget a month is limited by the wallet alone."""

    team_id: TeamId
    name: Name
    monthly_budget: Budget | None = None

    @property
    def monthly_budget_nano_usd(self) -> NanoUsd | None:
        """The budget, as it is kept."""
        return _nano(self.monthly_budget)


class UpdateTeamRequest(Request):
    """What to change: fields left out stay, null takes the budget away."""

    name: Name = Field(default_factory=str)
    monthly_budget: Budget | None = None
    state: State = "active"

    @model_validator(mode="after")
    def _names_a_field(self) -> "UpdateTeamRequest":
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self

    def to_fields(self) -> dict[str, Any]:
        """The fields of `Team` to set."""
        fields = {
            "name": ("name", self.name),
            "monthly_budget": ("monthly_budget_nano_usd", _nano(self.monthly_budget)),
            "state": ("state", self.state),
        }
        return dict(fields[name] for name in self.model_fields_set)


class SetMemberRequest(Request):
    """A user's place in a team, whole: without a budget the member may spend what the team may."""

    role: TeamRole
    monthly_budget: Budget | None = None

    @property
    def monthly_budget_nano_usd(self) -> NanoUsd | None:
        """The budget, as it is kept."""
        return _nano(self.monthly_budget)


class TeamView(Response):
    """A team. `monthlyBudget` is US dollars for each UTC month; null is not limited."""

    team_id: str
    name: str
    monthly_budget: str | None
    state: State
    created_at: Moment
    created_by: str
    updated_at: Moment

    @classmethod
    def of(cls, team: Team) -> "TeamView":
        """Show a team."""
        return cls(**_shown(team))


class TeamChangeView(Response):
    """One change of a team: who, when, what. `memberUserId` is whose place in it changed."""

    id: str
    action: TeamAction
    occurred_at: Moment
    by_key_id: str
    by_user_id: str
    member_user_id: str | None
    changes: dict[str, Any]

    @classmethod
    def of(cls, change: TeamChange) -> "TeamChangeView":
        """Show an entry of the audit trail."""
        return cls(
            id=change.change_id,
            action=change.action,
            occurred_at=change.occurred_at,
            by_key_id=change.by_key_id,
            by_user_id=change.by_user_id,
            member_user_id=change.member_user_id,
            changes=dict(change.changes),
        )


class TeamDetails(TeamView):
    """A team with its latest changes (100 at most), newest first."""

    history: list[TeamChangeView]

    @classmethod
    def of_history(cls, team: Team, history: list[TeamChange]) -> "TeamDetails":
        """Show a team and what happened to it."""
        return cls(**_shown(team), history=[TeamChangeView.of(change) for change in history])


class TeamPage(Response):
    """Teams in the order of their ids; `nextCursor` is the `cursor` of the next page, null on the last."""

    data: list[TeamView]
    next_cursor: str | None

    @classmethod
    def of(cls, teams: list[Team], next_cursor: str | None) -> "TeamPage":
        """Show a page."""
        return cls(data=[TeamView.of(team) for team in teams], next_cursor=next_cursor)


class MemberView(Response):
    """A user's place in a team. `monthlyBudget` is of the team's month; null is not limited beside it."""

    team_id: str
    user_id: str
    role: TeamRole
    monthly_budget: str | None
    added_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, member: Member) -> "MemberView":
        """Show a place."""
        return cls(
            team_id=member.team_id,
            user_id=member.user_id,
            role=member.role,
            monthly_budget=_usd(member.monthly_budget_nano_usd),
            added_at=member.added_at,
            updated_at=member.updated_at,
        )


class MemberPage(Response):
    """Members in the order of their ids; `nextCursor` is the `cursor` of the next page, null on the last."""

    data: list[MemberView]
    next_cursor: str | None

    @classmethod
    def of(cls, members: list[Member], next_cursor: str | None) -> "MemberPage":
        """Show a page."""
        return cls(data=[MemberView.of(member) for member in members], next_cursor=next_cursor)


def _shown(team: Team) -> dict[str, Any]:
    return {
        "team_id": team.team_id,
        "name": team.name,
        "monthly_budget": _usd(team.monthly_budget_nano_usd),
        "state": team.state,
        "created_at": team.created_at,
        "created_by": team.created_by,
        "updated_at": team.updated_at,
    }


def _nano(budget: str | None) -> NanoUsd | None:
    return None if budget is None else to_nano_usd(budget)


def _usd(amount_nano_usd: NanoUsd | None) -> str | None:
    return None if amount_nano_usd is None else to_usd(amount_nano_usd)
