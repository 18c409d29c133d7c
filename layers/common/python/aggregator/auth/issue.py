"""Make a key."""

from dataclasses import dataclass, field
from datetime import datetime
from random import uniform
from time import sleep

from aggregator.auth.audit import Change, change_of
from aggregator.auth.caller import Caller
from aggregator.auth.collaborators import Announcer, Keys, Models, Teams
from aggregator.auth.delegation import inherited, line_under, require_manager, require_within, team_under
from aggregator.auth.key import PlainKey, new_key, new_key_id
from aggregator.auth.model import ApiKey, Grant, Secret
from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.errors import InvalidRequest, StoreUnavailable

_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its plain text, which exists only in this answer."""

    key: ApiKey
    plain: PlainKey = field(repr=False)


def issue(
    user_id: str,
    grant: Grant,
    *,
    by: Caller,
    now: datetime,
    keys: Keys,
    pepper: RotatingSecret,
    announcer: Announcer,
    models: Models,
    environment: str,
    teams: Teams,
    team_id: str | None = None,
) -> IssuedKey:
    """Make a key for `user_id`; what `grant` leaves open, it inherits from the key that makes it.

    It charges the wallet of `team_id`, of which the user must be a member; left open, that of the key that makes it.

    Raises:
        MissingScope: the caller may make no keys, or not one that may so much; nothing was written.
        NotYours: it may, but not for this user; nothing was written.
        Conflict: the user is suspended, or is a team; nothing was written.
        InvalidRequest: the user may not spend the team's money; nothing was written.
        InvalidRequest: the expiry is past, the grant too long to hand on, or a model it names fits none; nothing was
            written.
    """
    require_manager(by, user_id)
    line = line_under(by)
    team_id = team_under(by, team_id)
    teams.require_no_team(user_id)
    if team_id is not None:
        teams.require_spender(team_id, user_id)
    named = grant.allowed_models or ()
    grant = inherited(grant, by)
    require_within(grant, by)
    models(named)
    require_future(grant.expires_at, now)
    plain = new_key(environment, new_key_id(now))
    secret = Secret(plain.hash_under(pepper.current(now)), created_at=now)
    key = ApiKey(plain.key_id, user_id, grant, (secret,), created_at=now, created_by=by.key_id, line=line)
    key = key._replace(team_id=team_id)
    key.require_portable()

    change = change_of(key, "created", {"grant": {"from": None, "to": grant.described()}}, by=by, now=now)
    _create(key, change, keys)
    announcer.announce(change)
    return IssuedKey(key, plain)


def _create(key: ApiKey, change: Change, keys: Keys) -> None:
    """Write a key down; again, where its maker was being used or made another one at the same moment."""
    for attempt in range(_ATTEMPTS - 1):
        try:
            return keys.create(key, change)
        except StoreUnavailable:
            sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
    return keys.create(key, change)


def require_future(expires_at: datetime | None, now: datetime) -> None:
    """Refuse an expiry that is past: a key is ended by revoking it, which stands in its history.

    Raises:
        InvalidRequest: `expires_at` is not after `now`.
    """
    if expires_at is not None and expires_at <= now:
        raise InvalidRequest("expiresAt: must be in the future", param="expiresAt")
