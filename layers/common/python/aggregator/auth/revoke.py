"""End a key for good, alone or with all that descend from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aggregator.auth.audit import change_of
from aggregator.auth.caller import Caller
from aggregator.auth.collaborators import Announcer, Keys
from aggregator.auth.delegation import require_visible
from aggregator.auth.model import ApiKey
from aggregator.errors import Conflict

MOST_AT_ONCE = 100
"""Keys that one call ends beside the one it names; each is a read, a transaction and an event."""

_ATTEMPTS = 4
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Revoked:
    """A key that was ended, how many of those that descend from it were with it, and whether there are more."""

    key: ApiKey
    descendants: int = 0
    more: bool = False


def revoke_line(key_id: str, *, by: Caller, now: datetime, keys: Keys, announcer: Announcer) -> Revoked:
    """End a key and all that were made with it, with those, and so on: 100 at most, the call again goes on.

    A key is ended before its children are looked for, and a revoked key makes none: there is none that is missed.
    Whoever is no admin ends those of the own user.

    Raises:
        MissingScope, NotFound, Conflict: as `revoke` does; keys that were ended before stay so.
    """
    ended = revoke(key_id, by=by, now=now, keys=keys, announcer=announcer)
    count, makers = 0, [key_id]
    while makers:
        for child in _children_of(makers.pop(), keys):
            if child.user_id != by.user_id and not by.is_admin:
                continue
            if child.revoked_at is None:
                if count == MOST_AT_ONCE:
                    return Revoked(ended, count, more=True)
                revoke(child.key_id, by=by, now=now, keys=keys, announcer=announcer)
                count += 1
            makers.append(child.key_id)
    return Revoked(ended, count)


def _children_of(key_id: str, keys: Keys) -> Iterator[ApiKey]:
    after: str | None = None
    while True:
        children, after = keys.children_of(key_id, _PAGE, after)
        yield from children
        if after is None:
            return


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
