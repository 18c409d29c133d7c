"""Sessions: keys that people get by signing in. They end after twelve hours, or by signing out, which is revoking."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from aggregator.auth.caller import (
    ADMIN,
    ANALYTICS_READ,
    BILLING_READ,
    DEFAULT_SCOPES,
    KEYS_MANAGE,
    MODELS_READ,
    Caller,
)
from aggregator.auth.collaborators import Announcer, Keys
from aggregator.auth.model import SIGN_IN, ApiKey, Grant
from aggregator.auth.revoke import revoke
from aggregator.errors import Conflict

LIFETIME = timedelta(hours=12)

SCOPES_OF = {
    "admin": (*DEFAULT_SCOPES, KEYS_MANAGE, ADMIN),
    "manager": (*DEFAULT_SCOPES, KEYS_MANAGE),
    "member": DEFAULT_SCOPES,
    "viewer": (MODELS_READ, BILLING_READ, ANALYTICS_READ),
}
"""What a session may do, by the role of its user."""

_PAGE = 100


def grant_for(role: str, now: datetime) -> Grant:
    """What a session is granted that begins now."""
    return Grant(name="Signed in", scopes=SCOPES_OF[role], expires_at=now + LIFETIME)


def signing_in(user_id: str) -> Caller:
    """Who makes a session, in the audit trail: the user, by signing in."""
    return Caller(SIGN_IN, user_id, scopes=(ADMIN,))


def end_own(*, by: Caller, now: datetime, keys: Keys, announcer: Announcer) -> int:
    """End the session that was sent, whatever it may do; how many were ended.

    Raises:
        Conflict: it is a key, and no session; nothing was written.
    """
    if not by.session:
        raise Conflict("This API key is no session: DELETE /auth/api-keys/{keyId} ends it.")
    return _end((by.key_id,), by, now, keys, announcer)


def end_all_of(
    user_id: str,
    *,
    by: Caller,
    now: datetime,
    keys: Keys,
    announcer: Announcer,
    but_of_role: str | None = None,
) -> int:
    """End all sessions of a user, but those that may do what a role may; how many were ended.

    Raises:
        NotYours: it is neither the caller's own user, nor is the caller an admin; nothing was written.
    """
    by.require_user(user_id)
    kept = SCOPES_OF.get(but_of_role or "")
    ended = [key.key_id for key in _live(user_id, now, keys) if key.grant.scopes != kept]
    return _end(ended, by, now, keys, announcer)


def _live(user_id: str, now: datetime, keys: Keys) -> Iterator[ApiKey]:
    """Those that have not ended. Keys come newest first, and none that is older than a session is one."""
    after: str | None = None
    while True:
        page, after = keys.page_of(user_id, _PAGE, after)
        for key in page:
            if now - key.created_at > LIFETIME:
                return
            if key.created_by == SIGN_IN and key.status(now) == "active":
                yield key
        if after is None:
            return


def _end(
    ids: list[str] | tuple[str, ...], by: Caller, now: datetime, keys: Keys, announcer: Announcer
) -> int:
    allowed = by._replace(scopes=(*by.scopes, KEYS_MANAGE))
    for key_id in ids:
        revoke(key_id, by=allowed, now=now, keys=keys, announcer=announcer)
    return len(ids)
