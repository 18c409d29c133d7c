"""What happened to a key: who, when, what. Standard library only. Never a secret, nor a hash of one."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from aggregator.auth.caller import Caller
from aggregator.auth.model import ApiKey, Grant

Action = Literal["created", "updated", "rotated", "revoked"]


class Change(NamedTuple):
    """One change of one key. `changes` maps a field to what it was and is: `{"name": {"from": .., "to": ..}}`."""

    change_id: str
    key_id: str
    user_id: str
    action: Action
    occurred_at: datetime
    by_key_id: str
    by_user_id: str
    changes: Mapping[str, Any] = {}


def change_of(
    key: ApiKey, action: Action, changes: Mapping[str, Any], *, by: Caller, now: datetime
) -> Change:
    """Write down that `by` did `action` to `key` at `now`."""
    return Change(
        change_id=os.urandom(16).hex(),
        key_id=key.key_id,
        user_id=key.user_id,
        action=action,
        occurred_at=now,
        by_key_id=by.key_id,
        by_user_id=by.user_id,
        changes=changes,
    )


def difference(before: Grant, after: Grant) -> dict[str, Any]:
    """The fields in which two grants differ, each with both values; empty when they are the same."""
    was, is_now = before.described(), after.described()
    return {name: {"from": was[name], "to": is_now[name]} for name in was if was[name] != is_now[name]}
