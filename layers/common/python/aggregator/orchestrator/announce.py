"""Put `catalogue_changed` v1 on the bus: one event for each version that an operator made.

The CHANGE item in the table is the record; the event tells others soon. A bus that fails undoes no change: the event
is in one log line instead, from which it can be put again. Consumers tell repeated ones by `catalogueVersion`.
"""

import json

from aggregator.contracts.catalogue_changed import DETAIL_TYPE, SOURCE
from aggregator.errors import JsonObject
from aggregator.orchestrator.store import Change
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import logger


class CatalogueAnnouncer:
    """The platform's bus, for changes of the catalogue."""

    def __init__(self, bus: Aws, bus_name: str) -> None:
        self._bus = bus
        self._bus_name = bus_name

    def announce(self, version: int, change: Change) -> None:
        """Put one event; a failure is logged with the whole event, and never raised."""
        detail = event_of(version, change)
        entry = {
            "EventBusName": self._bus_name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps(detail),
        }
        try:
            answer = self._bus.call("PutEvents", {"Entries": [entry]})
        except AwsError as refused:
            logger.error("Change of the catalogue not announced", code=refused.code, event=detail)
            return
        if answer.get("FailedEntryCount"):
            code = answer["Entries"][0].get("ErrorCode")
            logger.error("Change of the catalogue not announced", code=code, event=detail)


def event_of(version: int, change: Change) -> JsonObject:
    """The event's detail: who changed what, when, and how. What each field was stands in the CHANGE item only."""
    return {
        "version": 1,
        "catalogueVersion": version,
        "action": change.action,
        "occurredAt": iso(change.at),
        "by": {"keyId": change.by, "userId": change.by_user},
        "added": list(change.added),
        "changed": list(change.changed),
        "removed": list(change.removed),
    }
