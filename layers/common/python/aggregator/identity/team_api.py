"""Requests and answers of `/identity/teams`."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from aggregator.auth.fields import Budget
from aggregator.billing.model import Account
from aggregator.billing.money import NanoUsd, to_nano_usd, to_usd
from aggregator.billing.plans.api import PlanId
from aggregator.identity.looking import SeenMember, SeenTeam
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
    """What to change: fields left out stay, null takes the budget, or the plan, away."""

    name: Name = Field(default_factory=str)
    monthly_budget: Budget | None = None
    state: State = "active"
    plan: PlanId | None = Field(default=None, description="The plan that its wallet is on from now on.")

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
            "plan": ("plan", self.plan),
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
    plan: str | None
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


class WalletView(Response):
    """What a team has. `held` is set aside for running requests; `total` is both."""

    available: str
    held: str
    total: str

    @classmethod
    def of(cls, account: Account, epoch_seconds: float) -> "WalletView":
        """Show a wallet at a moment."""
        return cls(
            available=to_usd(account.spendable(epoch_seconds)),
            held=to_usd(account.held(epoch_seconds)),
            total=to_usd(account.total_nano_usd),
        )


class TeamDetails(TeamView):
    """A team with its latest changes (100 at most), newest first.

    `role` is the caller's own in it, null for an admin from outside. `wallet` is there for an admin and for managers.
    """

    role: TeamRole | None
    spent_this_month: str | None = Field(
        description="What the budget counts in this UTC month, with what running requests may come to; null without "
        "a budget, for then nothing is counted."
    )
    wallet: WalletView | None
    history: list[TeamChangeView]

    @classmethod
    def of_seen(cls, seen: SeenTeam, epoch_seconds: float) -> "TeamDetails":
        """Show a team and what happened to it, as far as somebody may see."""
        return cls(
            **_shown(seen.team),
            role=seen.role,
            spent_this_month=_usd(seen.spent_nano_usd),
            wallet=None if seen.wallet is None else WalletView.of(seen.wallet, epoch_seconds),
            history=[TeamChangeView.of(change) for change in seen.history],
        )


class ListedTeam(TeamView):
    """A team in a list. `role` is that of the user whose teams are listed; null in the list of all teams."""

    role: TeamRole | None

    @classmethod
    def of_place(cls, team: Team, member: Member | None) -> "ListedTeam":
        """Show a team, and a place in it."""
        return cls(**_shown(team), role=None if member is None else member.role)


class TeamPage(Response):
    """Teams in the order of their ids; `nextCursor` is the `cursor` of the next page, null on the last."""

    data: list[ListedTeam]
    next_cursor: str | None

    @classmethod
    def of(cls, teams: list[tuple[Team, Member | None]], next_cursor: str | None) -> "TeamPage":
        """Show a page."""
        return cls(data=[ListedTeam.of_place(*each) for each in teams], next_cursor=next_cursor)


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
        return cls(**_placed(member))


class ListedMember(MemberView):
    """A place in a team, in a list."""

    spent_this_month: str | None = Field(
        description="What the member's budget counts in this UTC month, as the team's does; null without one."
    )

    @classmethod
    def of_seen(cls, seen: SeenMember) -> "ListedMember":
        """Show a place with what was spent in it."""
        return cls(**_placed(seen.member), spent_this_month=_usd(seen.spent_nano_usd))


class MemberPage(Response):
    """Members in the order of their ids; `nextCursor` is the `cursor` of the next page, null on the last."""

    data: list[ListedMember]
    next_cursor: str | None

    @classmethod
    def of(cls, members: list[SeenMember], next_cursor: str | None) -> "MemberPage":
        """Show a page."""
        return cls(data=[ListedMember.of_seen(each) for each in members], next_cursor=next_cursor)


def _shown(team: Team) -> dict[str, Any]:
    return {
        "team_id": team.team_id,
        "name": team.name,
        "monthly_budget": _usd(team.monthly_budget_nano_usd),
        "state": team.state,
        "plan": team.plan,
        "created_at": team.created_at,
        "created_by": team.created_by,
        "updated_at": team.updated_at,
    }


def _placed(member: Member) -> dict[str, Any]:
    return {
        "team_id": member.team_id,
        "user_id": member.user_id,
        "role": member.role,
        "monthly_budget": _usd(member.monthly_budget_nano_usd),
        "added_at": member.added_at,
        "updated_at": member.updated_at,
    }


def _nano(budget: str | None) -> NanoUsd | None:
    return None if budget is None else to_nano_usd(budget)


def _usd(amount_nano_usd: NanoUsd | None) -> str | None:
    return None if amount_nano_usd is None else to_usd(amount_nano_usd)
