"""What the use cases of the key's life need of the key store and of the bus. Standard library only."""

from collections.abc import Iterable
from typing import Protocol

from aggregator.auth.audit import Change
from aggregator.auth.model import ApiKey


class Keys(Protocol):
    """The keys of all users; `KeyStore` behind it."""

    def read(self, key_id: str) -> ApiKey:
        """See `KeyStore.read`."""
        ...

    def read_with_history(self, key_id: str) -> tuple[ApiKey, list[Change]]:
        """See `KeyStore.read_with_history`."""
        ...

    def page_of(self, user_id: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """See `KeyStore.page_of`."""
        ...

    def children_of(self, key_id: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """See `KeyStore.children_of`."""
        ...

    def create(self, key: ApiKey, change: Change) -> None:
        """See `KeyStore.create`."""
        ...

    def change(self, key: ApiKey, change: Change) -> ApiKey:
        """See `KeyStore.change`."""
        ...


class Models(Protocol):
    """Knows what can be called; `permitted.require_some_model` behind it."""

    def __call__(self, patterns: Iterable[str]) -> None:
        """Refuse entries of `allowedModels` of which one fits no model."""
        ...


class Teams(Protocol):
    """Knows teams and who is in them; `TeamStore` behind it."""

    def require_no_team(self, user_id: str) -> None:
        """Refuse an id that is a team's: no user has it."""
        ...

    def require_spender(self, team_id: str, user_id: str) -> None:
        """Refuse a user who may not spend a team's money."""
        ...


class Announcer(Protocol):
    """Tells other services of a change that stands; it never fails the change."""

    def announce(self, change: Change) -> None:
        """See `ChangeAnnouncer.announce`."""
        ...
