"""Put `api_key_changed` v1 on the bus: one event for each entry of the audit trail.

The entry in the table is the record; the event tells others soon. A bus that fails undoes no change: the event
is in one log line instead, from which it can be put again. Consumers tell repeated ones by `changeId`.
"""

import json

from aggregator.auth.audit import Change
from aggregator.contracts.api_key_changed import DETAIL_TYPE, SOURCE
from aggregator.errors import JsonObject
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import logger


class ChangeAnnouncer:
    """The platform's bus, for changes of keys."""

    def __init__(self, bus: Aws, bus_name: str) -> None:
        self._bus = bus
        self._bus_name = bus_name

    def announce(self, change: Change) -> None:
        """Put one event; a failure is logged with the whole event, and never raised."""
        detail = event_of(change)
        entry = {
            "EventBusName": self._bus_name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps(detail),
        }
        try:
            answer = self._bus.call("PutEvents", {"Entries": [entry]})
        except AwsError as refused:
            logger.error("Change of a key not announced", code=refused.code, event=detail)
            return
        if answer.get("FailedEntryCount"):
            code = answer["Entries"][0].get("ErrorCode")
            logger.error("Change of a key not announced", code=code, event=detail)


def event_of(change: Change) -> JsonObject:
    """The event's detail: who did what to which key, when. Never a secret, nor a hash of one."""
    return {
        "version": 1,
        "changeId": change.change_id,
        "keyId": change.key_id,
        "userId": change.user_id,
        "action": change.action,
        "occurredAt": iso(change.occurred_at),
        "by": {"keyId": change.by_key_id, "userId": change.by_user_id},
        "changes": dict(change.changes),
    }
