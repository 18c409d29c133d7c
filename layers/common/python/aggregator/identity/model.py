"""A user as a record, and the rules of its life. Standard library only.

active -> suspended (nothing is reserved for it, and its keys open nothing) -> active

A user id in keys and wallets needs no such record: without one it is active, and stays so.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from aggregator.auth.caller import Caller
from aggregator.errors import Conflict, NotFound
from aggregator.runtime.clock import iso

State = Literal["active", "suspended"]
Role = Literal["admin", "manager", "member", "viewer"]
Action = Literal["created", "updated", "suspended", "resumed"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a user, and what people change. `email` is in small letters, and no other user's.

    `plan` is the id of the plan that its wallet is on.
    """

    email: str
    name: str
    role: Role
    state: State = "active"
    plan: str | None = None

    def described(self) -> dict[str, Any]:
        """The profile as JSON values."""
        return {
            "email": self.email,
            "name": self.name,
            "role": self.role,
            "state": self.state,
            "plan": self.plan,
        }


@dataclass(frozen=True, slots=True)
class Binding:
    """Who a user is at an issuer, since the first sign-in: an address may change there, and this does not."""

    issuer: str
    subject: str
    bound_at: datetime

    def described(self) -> dict[str, Any]:
        """The binding as JSON values."""
        return {"issuer": self.issuer, "subject": self.subject, "boundAt": iso(self.bound_at)}


@dataclass(frozen=True, slots=True)
class User:
    """One user. `version` counts its changes, from 1. Without `bound_to` nobody has signed in as this user yet."""

    user_id: str
    profile: Profile
    created_at: datetime
    created_by: str
    updated_at: datetime
    version: int = 1
    bound_to: Binding | None = None

    @property
    def is_suspended(self) -> bool:
        """Whether nothing is done for this user."""
        return self.profile.state == "suspended"

    def changed(self, fields: Mapping[str, Any], now: datetime) -> "User":
        """The user with `fields` of its profile, or `bound_to`, set, one version on; itself if that changes nothing."""
        bound_to = fields.get("bound_to", self.bound_to)
        profile = replace(self.profile, **{name: each for name, each in fields.items() if name != "bound_to"})
        if (profile, bound_to) == (self.profile, self.bound_to):
            return self
        return replace(self, profile=profile, bound_to=bound_to, updated_at=now, version=self.version + 1)

    def described(self) -> dict[str, Any]:
        """The user as JSON values: what the audit trail compares."""
        bound_to = None if self.bound_to is None else self.bound_to.described()
        return {**self.profile.described(), "boundTo": bound_to}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one user. `changes` maps a field to what it was and is: `{"name": {"from": .., "to": ..}}`."""

    change_id: str
    user_id: str
    action: Action
    occurred_at: datetime
    by_key_id: str
    by_user_id: str
    changes: Mapping[str, Any] = field(default_factory=dict)


def change_between(before: User | None, after: User, *, by: Caller, now: datetime) -> Change:
    """Write down what `by` made of a user at `now`; before it was created it had nothing."""
    was = {} if before is None else before.described()
    changes = {
        name: {"from": was.get(name), "to": value}
        for name, value in after.described().items()
        if was.get(name) != value
    }
    return Change(
        change_id=os.urandom(16).hex(),
        user_id=after.user_id,
        action=_action(before, after),
        occurred_at=now,
        by_key_id=by.key_id,
        by_user_id=by.user_id,
        changes=changes,
    )


def new_user_id() -> str:
    """An id for a user that was given none."""
    return f"usr_{os.urandom(8).hex()}"


def unknown_user() -> NotFound:
    """There is no such record; keys and wallets may have the id all the same."""
    return NotFound("There is no such user.")


def require_another(user: User, by: Caller) -> None:
    """Refuse to let a caller suspend itself: nobody would be there to resume it.

    Raises:
        Conflict: the user is the caller's own.
    """
    if user.is_suspended and user.user_id == by.user_id:
        raise Conflict(
            "This is the user of the API key that you sent: let another admin do it.", param="state"
        )


def _action(before: User | None, after: User) -> Action:
    if before is None:
        return "created"
    if before.is_suspended == after.is_suspended:
        return "updated"
    return "suspended" if after.is_suspended else "resumed"
