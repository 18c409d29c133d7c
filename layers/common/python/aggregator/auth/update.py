"""Change what a key may do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aggregator.auth.audit import change_of, difference
from aggregator.auth.caller import Caller
from aggregator.auth.collaborators import Announcer, Keys, Models
from aggregator.auth.delegation import require_visible, require_within
from aggregator.auth.issue import require_future
from aggregator.auth.model import ApiKey


def update(
    key_id: str,
    fields: Mapping[str, Any],
    *,
    by: Caller,
    now: datetime,
    keys: Keys,
    announcer: Announcer,
    models: Models,
) -> ApiKey:
    """Set `fields` of a key's grant (names of `Grant`); the same values again change nothing.

    Raises:
        MissingScope: the caller may manage no keys, or the key could then do more than the caller.
        NotFound: there is no such key, or it is another user's.
        InvalidRequest: the expiry is past, the grant too long to hand on, or a new model in it fits none.
        Conflict: the key is revoked, or was changed at the same moment.
        In each case nothing was written.
    """
    key = require_visible(keys.read(key_id), by)
    changed = key.granted(key.grant._replace(**fields))
    changes = difference(key.grant, changed.grant)
    if not changes:
        return key
    require_within(changed.grant, by)
    models(
        name for name in changed.grant.allowed_models or () if name not in (key.grant.allowed_models or ())
    )
    if "expiresAt" in changes:
        require_future(changed.grant.expires_at, now)

    change = change_of(key, "updated", changes, by=by, now=now)
    updated = keys.change(changed, change)
    announcer.announce(change)
    return updated
