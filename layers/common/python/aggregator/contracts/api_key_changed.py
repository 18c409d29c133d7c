"""`api_key_changed` v1, from `aggregator.auth`: an API key was created, updated, rotated or revoked.

One event for each entry of the key's audit trail; it may arrive more than once, or, after a fault of the bus, only
when it is put again from the log: the audit trail in the auth table is the record. `changeId` tells repeated ones.
It holds no secret, nor a hash of one.
"""

from typing import Any, Literal

from aggregator.contracts.base import Event, Id

SOURCE = "aggregator.auth"
DETAIL_TYPE = "api_key_changed"


class ChangedBy(Event):
    """The key and the user that made the change."""

    key_id: Id
    user_id: Id


class ApiKeyChanged(Event):
    """One change of one key: who, when, what."""

    version: Literal[1]
    change_id: Id
    key_id: Id
    user_id: Id
    action: Literal["created", "updated", "rotated", "revoked"]
    occurred_at: Id
    by: ChangedBy
    changes: dict[str, Any]
