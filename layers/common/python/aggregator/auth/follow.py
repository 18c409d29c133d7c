"""Let the keys of a user follow its state: suspended, or not any more."""

from typing import Protocol

from aggregator.auth.model import ApiKey
from aggregator.errors import StoreUnavailable

MOST_AT_ONCE = 500
"""Keys that one call writes; each is one write of a few milliseconds."""

_PAGE = 100


class Keys(Protocol):
    """The keys of all users; `KeyStore` behind it."""

    def page_of(self, user_id: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """See `KeyStore.page_of`."""
        ...


class States(Protocol):
    """What the auth table knows of users; `UserStates` behind it."""

    def say(self, user_id: str, version: int, *, suspended: bool) -> None:
        """See `UserStates.say`."""
        ...

    def say_of_key(self, key_id: str, version: int, *, suspended: bool) -> None:
        """See `UserStates.say_of_key`."""
        ...


def follow(user_id: str, version: int, *, suspended: bool, keys: Keys, states: States) -> None:
    """Write a user's state on all of its keys that can still be used; those that have it cost no write.

    Raises:
        StoreUnavailable: there are more than one call writes; the call again goes on where this one ended.
    """
    states.say(user_id, version, suspended=suspended)
    written, after = 0, None
    while True:
        page, after = keys.page_of(user_id, _PAGE, after)
        for key in page:
            if key.revoked_at is not None or key.user_version >= version:
                continue
            if written == MOST_AT_ONCE:
                raise StoreUnavailable(
                    "The state stands, and not all keys of this user follow it yet: repeat the call.",
                    retry_after_seconds=1,
                )
            states.say_of_key(key.key_id, version, suspended=suspended)
            written += 1
        if after is None:
            return
