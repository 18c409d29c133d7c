"""`catalogue_changed` v1, from `aggregator.orchestrator`: an operator made a new version of the catalogue.

One event for each version; it may arrive more than once, or, after a fault of the bus, only when it is put again from
the log: the change in the orchestrator's table is the record. `catalogueVersion` tells repeated ones. Entries are named
`model gpt-4o`, `provider openai`, `alias fast`. `action`: `put`, `delete`, `rollback to 7`.
"""

from typing import Literal

from aggregator.contracts.base import Count, Event, Id

SOURCE = "aggregator.orchestrator"
DETAIL_TYPE = "catalogue_changed"


class CatalogueChangedBy(Event):
    """The key and the user that made the change."""

    key_id: Id
    user_id: Id


class CatalogueChanged(Event):
    """One version: who, when, what."""

    version: Literal[1]
    catalogue_version: Count
    action: Id
    occurred_at: Id
    by: CatalogueChangedBy
    added: list[str]
    changed: list[str]
    removed: list[str]
