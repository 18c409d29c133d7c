"""Look at keys: a user's list, and one key with its history."""

from aggregator.auth.audit import Change
from aggregator.auth.caller import Caller
from aggregator.auth.collaborators import Keys
from aggregator.auth.delegation import require_manager, require_visible
from aggregator.auth.model import ApiKey


def page_of(
    user_id: str, *, limit: int, after: str | None, by: Caller, keys: Keys
) -> tuple[list[ApiKey], str | None]:
    """List a user's keys, newest first, revoked ones too, and the cursor of the next page, if there is one.

    Raises:
        MissingScope: the caller may manage no keys.
        NotYours: it may, but not those of this user.
    """
    require_manager(by, user_id)
    return keys.page_of(user_id, limit, after)


def children_of(
    key_id: str, *, limit: int, after: str | None, by: Caller, keys: Keys
) -> tuple[list[ApiKey], str | None]:
    """List the keys that were made with a key, newest first, revoked ones too, and the cursor of the next page.

    Of an admin's key whoever is none sees those of the own user: a page may hold fewer than `limit`.

    Raises:
        MissingScope: the caller may manage no keys.
        NotFound: there is no such key, or it is another user's.
    """
    require_visible(keys.read(key_id), by)
    children, more = keys.children_of(key_id, limit, after)
    return [child for child in children if by.is_admin or child.user_id == by.user_id], more


def one(key_id: str, *, by: Caller, keys: Keys) -> tuple[ApiKey, list[Change]]:
    """Read one key and its latest changes, newest first.

    Raises:
        MissingScope: the caller may manage no keys.
        NotFound: there is no such key, or it is another user's.
    """
    key, history = keys.read_with_history(key_id)
    return require_visible(key, by), history
