"""Look at the catalogue as an operator does: what is live, to the last field, and what was changed."""

from typing import Protocol

from aggregator.auth.caller import ADMIN, Caller
from aggregator.errors import JsonObject, StoreUnavailable
from aggregator.orchestrator.change_catalogue import Changed, Edit
from aggregator.orchestrator.edits import roll_back_to
from aggregator.orchestrator.store import Pointer, Version


class Kept(Protocol):
    """What looking needs of the store."""

    def pointer(self) -> Pointer | None:
        """See `CatalogueStore.pointer`."""
        ...

    def snapshot(self, pointer: Pointer) -> JsonObject:
        """See `CatalogueStore.snapshot`."""
        ...

    def snapshot_of(self, version: int) -> JsonObject:
        """See `CatalogueStore.snapshot_of`."""
        ...

    def versions(self, *, limit: int, before: int | None = None, entry: str | None = None) -> list[Version]:
        """See `CatalogueStore.versions`."""
        ...


def live(by: Caller, store: Kept) -> Changed:
    """What is live at this moment, not up to 30 seconds ago.

    Raises:
        MissingScope: the caller is no admin.
        StoreUnavailable: nothing was ever loaded.
    """
    by.require_scope(ADMIN)
    pointer = store.pointer()
    if pointer is None:
        raise StoreUnavailable("The model catalogue is not loaded yet.", retry_after_seconds=5)
    return Changed(pointer.version, changed=False, body=store.snapshot(pointer))


def changes(by: Caller, store: Kept, *, limit: int, before: int | None, entry: str | None) -> list[Version]:
    """What was changed, newest first; see `CatalogueStore.versions`.

    Raises:
        MissingScope: the caller is no admin.
    """
    by.require_scope(ADMIN)
    return store.versions(limit=limit, before=before, entry=entry)


def back_to(version: int, by: Caller, store: Kept) -> Edit:
    """The change that makes everything as it was at `version`.

    Raises:
        MissingScope: the caller is no admin.
        NotFound: there never was such a version.
    """
    by.require_scope(ADMIN)
    return roll_back_to(version, store.snapshot_of(version))
