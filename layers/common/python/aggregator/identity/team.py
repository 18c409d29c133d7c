"""A team as a record, and the places of users in it. Standard library only.

A team has a wallet of its own, under its own id: no user has that id. What a month may cost is said for the team, and
for each member within it; None is not limited.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from aggregator.auth.caller import Caller
from aggregator.billing.money import NanoUsd
from aggregator.errors import NotFound
from aggregator.identity.model import State

TeamRole = Literal["manager", "member", "viewer"]
TeamAction = Literal["created", "updated", "suspended", "resumed", "member_set", "member_removed"]


@dataclass(frozen=True, slots=True)
class Team:
    """One team. `version` counts its changes, from 1; `plan` is the id of the plan that its wallet is on."""

    team_id: str
    name: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    monthly_budget_nano_usd: NanoUsd | None = None
    state: State = "active"
    version: int = 1
    plan: str | None = None

    @property
    def is_suspended(self) -> bool:
        """Whether nothing is done for this team."""
        return self.state == "suspended"

    def described(self) -> dict[str, Any]:
        """What may change of it, as JSON values: what the audit trail compares."""
        return {
            "name": self.name,
            "monthlyBudgetNanoUsd": self.monthly_budget_nano_usd,
            "state": self.state,
            "plan": self.plan,
        }

    def changed(self, fields: Mapping[str, Any], now: datetime) -> "Team":
        """The team with `fields` set, one version on; itself if that changes nothing."""
        changed = replace(self, **fields)
        return self if changed == self else replace(changed, updated_at=now, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Member:
    """A user's place in a team: a manager sees to its members, a viewer looks and does not spend."""

    team_id: str
    user_id: str
    role: TeamRole
    added_at: datetime
    updated_at: datetime
    monthly_budget_nano_usd: NanoUsd | None = None
    version: int = 1

    def described(self) -> dict[str, Any]:
        """What may change of it, as JSON values."""
        return {"role": self.role, "monthlyBudgetNanoUsd": self.monthly_budget_nano_usd}


@dataclass(frozen=True, slots=True)
class TeamChange:
    """One change of one team, or of a member in it. `changes` maps a field to what it was and is."""

    change_id: str
    team_id: str
    action: TeamAction
    occurred_at: datetime
    by_key_id: str
    by_user_id: str
    member_user_id: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


def change_of_team(before: Team | None, after: Team, *, by: Caller, now: datetime) -> TeamChange:
    """Write down what `by` made of a team at `now`."""
    action: TeamAction = "created" if before is None else "updated"
    if before is not None and before.is_suspended != after.is_suspended:
        action = "suspended" if after.is_suspended else "resumed"
    was = {} if before is None else before.described()
    return _change(after.team_id, action, _difference(was, after.described()), by=by, now=now)


def change_of_member(before: Member | None, after: Member | None, *, by: Caller, now: datetime) -> TeamChange:
    """Write down what `by` made of a user's place at `now`; without `after` it is gone."""
    one = after or before
    assert one is not None
    was, is_now = ({} if each is None else each.described() for each in (before, after))
    action: TeamAction = "member_removed" if after is None else "member_set"
    change = _change(one.team_id, action, _difference(was, is_now), by=by, now=now)
    return replace(change, member_user_id=one.user_id)


def unknown_team() -> NotFound:
    """There is no such team, or none that this caller may know of."""
    return NotFound("There is no such team.")


def _difference(was: Mapping[str, Any], is_now: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"from": was.get(name), "to": is_now.get(name)}
        for name in {**was, **is_now}
        if was.get(name) != is_now.get(name)
    }


def _change(
    team_id: str, action: TeamAction, changes: Mapping[str, Any], *, by: Caller, now: datetime
) -> TeamChange:
    return TeamChange(
        change_id=os.urandom(16).hex(),
        team_id=team_id,
        action=action,
        occurred_at=now,
        by_key_id=by.key_id,
        by_user_id=by.user_id,
        changes=changes,
    )
