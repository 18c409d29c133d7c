"""The use cases of users, with their collaborators; the only reader of this domain's environment."""

import os
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from aggregator.auth import wiring as auth
from aggregator.auth.caller import Caller
from aggregator.billing import wiring as billing
from aggregator.identity import users
from aggregator.identity.announce import UserAnnouncer
from aggregator.identity.model import Change, Profile, User
from aggregator.identity.store import IdentityStore
from aggregator.runtime.boto_client import BotoClient


@cache
def store() -> IdentityStore:
    """The identity table."""
    return IdentityStore(BotoClient("dynamodb"), os.environ["IDENTITY_TABLE"])


@cache
def announcer() -> UserAnnouncer:
    """The platform's bus; it may hold up an answer for a second or two, not longer."""
    return UserAnnouncer(BotoClient("events", read_timeout_seconds=2, attempts=2), os.environ["EVENT_BUS"])


def create_user(user_id: str | None, profile: Profile, *, by: Caller, now: datetime) -> User:
    """See `users.create`."""
    return users.create(user_id, profile, by=by, now=now, users=store(), announcer=announcer())


def update_user(user_id: str, fields: Mapping[str, Any], *, by: Caller, now: datetime) -> User:
    """See `users.update`."""
    return users.update(
        user_id,
        fields,
        by=by,
        now=now,
        users=store(),
        wallets=billing.store(),
        keys=auth.keys_follow,
        announcer=announcer(),
    )


def get_user(user_id: str, *, by: Caller) -> tuple[User, list[Change]]:
    """A user with its history, for itself or for an admin.

    Raises:
        NotYours: it is another user's.
        NotFound: there is no such record.
    """
    by.require_user(user_id)
    return store().user(user_id), store().history(user_id)


def list_users(limit: int, after: str | None, email: str | None) -> tuple[list[User], str | None]:
    """A page of users, or the one who has an address."""
    if email is None:
        return store().page(limit, after)
    found = store().user_with(email)
    return ([] if found is None else [found]), None
