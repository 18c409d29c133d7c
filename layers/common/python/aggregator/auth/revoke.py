"""End a key for good."""

from datetime import datetime

from aggregator.auth.audit import change_of
from aggregator.auth.caller import Caller
from aggregator.auth.collaborators import Announcer, Keys
from aggregator.auth.delegation import require_visible
from aggregator.auth.model import ApiKey
from aggregator.errors import Conflict

_ATTEMPTS = 4


def revoke(key_id: str, *, by: Caller, now: datetime, keys: Keys, announcer: Announcer) -> ApiKey:
    """End a key; ending it again changes nothing. Whoever may manage a user's keys may end any of them.

    A change that comes in between does not stop it: it is read again and ended then.

    Raises:
        MissingScope: the caller may manage no keys.
        NotFound: there is no such key, or it is another user's.
        Conflict: it kept changing; nothing was written.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _revoke(key_id, by, now, keys, announcer)
        except Conflict:
            continue
    return _revoke(key_id, by, now, keys, announcer)


def _revoke(key_id: str, by: Caller, now: datetime, keys: Keys, announcer: Announcer) -> ApiKey:
    key = require_visible(keys.read(key_id), by)
    ended = key.revoked(now)
    if ended is key:
        return key
    change = change_of(key, "revoked", {}, by=by, now=now)
    stands = keys.change(ended, change)
    announcer.announce(change)
    return stands
