"""Give a key a new secret, while the old one lives on for an overlap."""

from datetime import datetime, timedelta

from aggregator.auth.audit import change_of
from aggregator.auth.caller import Caller
from aggregator.auth.collaborators import Announcer, Keys
from aggregator.auth.delegation import require_to_hold, require_visible, require_within
from aggregator.auth.issue import IssuedKey
from aggregator.auth.key import new_key
from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.runtime.clock import iso


def rotate(
    key_id: str,
    overlap: timedelta,
    *,
    by: Caller,
    now: datetime,
    keys: Keys,
    pepper: RotatingSecret,
    announcer: Announcer,
    environment: str,
) -> IssuedKey:
    """Give the key a new secret; the one in use works until `overlap` is over. Id and grant stay.

    Raises:
        MissingScope: the caller may manage no keys, or the key may do more than the caller,
            or the caller has limits that do not hold for the key.
        NotFound: there is no such key, or it is another user's.
        Conflict: the key is not active, an earlier overlap is not over, or it was changed at the same moment.
        InvalidRequest: the overlap is longer than 30 days.
        In each case nothing was written: the secrets that worked still work.
    """
    key = require_visible(keys.read(key_id), by)
    require_within(key.grant, by)
    require_to_hold(key, by)
    plain = new_key(environment, key.key_id)
    rotated = key.rotated(plain.hash_under(pepper.current(now)), now, overlap)

    change = change_of(key, "rotated", {"previousSecretEndsAt": iso(now + overlap)}, by=by, now=now)
    stands = keys.change(rotated, change)
    announcer.announce(change)
    return IssuedKey(stands, plain)
