"""`user_changed` v1, from `aggregator.identity`: a user was created, updated, suspended or resumed.

One event for each entry of the user's audit trail; it may arrive more than once, or, after a fault of the bus, only
when it is put again from the log: the audit trail in the identity table is the record. `changeId` tells repeated ones.
Of `email`, `name` and `boundTo` it says that they changed, and not to what.
"""

from typing import Any, Literal

from aggregator.contracts.base import Event, Id

SOURCE = "aggregator.identity"
DETAIL_TYPE = "user_changed"


class UserChangedBy(Event):
    """The key and the user that made the change."""

    key_id: Id
    user_id: Id


class UserChanged(Event):
    """One change of one user: who, when, what."""

    version: Literal[1]
    change_id: Id
    user_id: Id
    action: Literal["created", "updated", "suspended", "resumed"]
    occurred_at: Id
    by: UserChangedBy
    changes: dict[str, Any]
