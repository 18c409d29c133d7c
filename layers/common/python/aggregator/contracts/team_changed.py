"""`team_changed` v1, from `aggregator.identity`: a team was created or changed, or a member of it set or removed.

One event for each entry of the team's audit trail; it may arrive more than once, or, after a fault of the bus, only
when it is put again from the log: the audit trail in the identity table is the record. `changeId` tells repeated ones.
Budgets are nano-US-dollars; null is not limited.
"""

from typing import Any, Literal

from aggregator.contracts.base import Event, Id

SOURCE = "aggregator.identity"
DETAIL_TYPE = "team_changed"


class TeamChangedBy(Event):
    """The key and the user that made the change."""

    key_id: Id
    user_id: Id


class TeamChanged(Event):
    """One change of one team: who, when, what. `memberUserId` is whose place in it changed."""

    version: Literal[1]
    change_id: Id
    team_id: Id
    action: Literal["created", "updated", "suspended", "resumed", "member_set", "member_removed"]
    occurred_at: Id
    by: TeamChangedBy
    changes: dict[str, Any]
    member_user_id: Id | None = None
