"""The use cases of the key's life, with their collaborators.

With hot_wiring.py, which does without boto3, this is the only reader of this domain's environment.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from aggregator.auth import follow, issue, present, revoke, rotate, session, update, view
from aggregator.auth.announce import ChangeAnnouncer
from aggregator.auth.audit import Change
from aggregator.auth.caller import Caller
from aggregator.auth.issue import IssuedKey
from aggregator.auth.model import ApiKey, Grant
from aggregator.auth.revoke import Revoked
from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.auth.store import KeyStore
from aggregator.auth.user_state import UserStates
from aggregator.errors import SUSPENDED, Conflict, InvalidRequest, UserSuspended
from aggregator.identity.table import IdentityTable
from aggregator.identity.team_store import TeamStore
from aggregator.orchestrator import wiring as orchestrator
from aggregator.orchestrator.permitted import require_some_model
from aggregator.runtime import clock
from aggregator.runtime.boto_client import BotoClient


@cache
def keys() -> KeyStore:
    """The auth table."""
    return KeyStore(BotoClient("dynamodb"), os.environ["AUTH_TABLE"])


@cache
def pepper() -> RotatingSecret:
    """What keys are hashed under."""
    return RotatingSecret(BotoClient("secretsmanager"), os.environ["PEPPER_SECRET"])


@cache
def announcer() -> ChangeAnnouncer:
    """The platform's bus; it may hold up an answer for a second or two, not longer."""
    return ChangeAnnouncer(BotoClient("events", read_timeout_seconds=2, attempts=2), os.environ["EVENT_BUS"])


@cache
def teams() -> TeamStore:
    """The teams, for who makes keys."""
    return TeamStore(IdentityTable(BotoClient("dynamodb"), os.environ["IDENTITY_TABLE"]))


def environment() -> str:
    """The environment that new keys are for: dev, prod or local."""
    return os.environ["ENVIRONMENT"]


def present_caller(caller: Caller) -> Caller:
    """See `present.present`."""
    return present.present(caller, keys=keys(), now=clock.now())


def make_key(
    user_id: str, grant: Grant, *, by: Caller, now: datetime, team_id: str | None = None
) -> IssuedKey:
    """See `issue.issue`."""
    return issue.issue(
        user_id,
        grant,
        by=by,
        now=now,
        keys=keys(),
        pepper=pepper(),
        announcer=announcer(),
        models=_require_some_model,
        environment=environment(),
        teams=teams(),
        team_id=team_id,
    )


def list_keys(
    user_id: str | None, *, limit: int, after: str | None, by: Caller, created_by: str | None = None
) -> tuple[list[ApiKey], str | None]:
    """See `view.page_of`, for the caller's own user unless said, and with `created_by` `view.children_of`."""
    if created_by is not None:
        if user_id is not None:
            raise InvalidRequest("userId: give either this or createdBy", param="userId")
        return view.children_of(created_by, limit=limit, after=after, by=by, keys=keys())
    return view.page_of(user_id or by.user_id, limit=limit, after=after, by=by, keys=keys())


def get_key(key_id: str, *, by: Caller) -> tuple[ApiKey, list[Change]]:
    """See `view.one`."""
    return view.one(key_id, by=by, keys=keys())


def update_key(key_id: str, fields: Mapping[str, Any], *, by: Caller, now: datetime) -> ApiKey:
    """See `update.update`."""
    return update.update(
        key_id, fields, by=by, now=now, keys=keys(), announcer=announcer(), models=_require_some_model
    )


def rotate_key(key_id: str, overlap: timedelta, *, by: Caller, now: datetime) -> IssuedKey:
    """See `rotate.rotate`."""
    return rotate.rotate(
        key_id,
        overlap,
        by=by,
        now=now,
        keys=keys(),
        pepper=pepper(),
        announcer=announcer(),
        environment=environment(),
    )


def revoke_key(key_id: str, *, by: Caller, now: datetime, children: bool = False) -> Revoked:
    """See `revoke.revoke`, and with `children` `revoke.revoke_line`."""
    if children:
        return revoke.revoke_line(key_id, by=by, now=now, keys=keys(), announcer=announcer())
    return Revoked(revoke.revoke(key_id, by=by, now=now, keys=keys(), announcer=announcer()))


def open_session(user_id: str, role: str, *, now: datetime) -> IssuedKey:
    """A session of a user who signed in, with what the role may do.

    Raises:
        UserSuspended: the user is; nothing was written.
    """
    try:
        return make_key(user_id, session.grant_for(role, now), by=session.signing_in(user_id), now=now)
    except Conflict as refused:
        if refused.param != "userId":
            raise
        raise UserSuspended(SUSPENDED["user"]) from refused


def end_session(*, by: Caller, now: datetime) -> int:
    """See `session.end_own`."""
    return session.end_own(by=by, now=now, keys=keys(), announcer=announcer())


def end_sessions(user_id: str, *, by: Caller, now: datetime, but_of_role: str | None = None) -> int:
    """See `session.end_all_of`."""
    return session.end_all_of(
        user_id, by=by, now=now, keys=keys(), announcer=announcer(), but_of_role=but_of_role
    )


def keys_follow(user_id: str, version: int, *, suspended: bool) -> None:
    """See `follow.follow`."""
    states = UserStates(BotoClient("dynamodb"), os.environ["AUTH_TABLE"])
    follow.follow(user_id, version, suspended=suspended, keys=keys(), states=states)


def _require_some_model(patterns: Iterable[str]) -> None:
    named = list(patterns)
    if named:
        require_some_model(named, orchestrator.catalogue())
