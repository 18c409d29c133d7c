"""Put `user_changed` v1 on the bus: one event for each entry of a user's audit trail.

The entry in the table is the record; the event tells others soon. A bus that fails undoes no change: the event
is in one log line instead, from which it can be put again. Consumers tell repeated ones by `changeId`.
"""

import json

from aggregator.contracts.user_changed import DETAIL_TYPE, SOURCE
from aggregator.errors import JsonObject
from aggregator.identity.model import Change
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import logger

_PERSONAL = frozenset({"email", "name"})


class UserAnnouncer:
    """The platform's bus, for changes of users."""

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
            logger.error("Change of a user not announced", code=refused.code, event=detail)
            return
        if answer.get("FailedEntryCount"):
            code = answer["Entries"][0].get("ErrorCode")
            logger.error("Change of a user not announced", code=code, event=detail)


def event_of(change: Change) -> JsonObject:
    """The event's detail: who did what to which user, when. That a name or an address changed, and not to what."""
    return {
        "version": 1,
        "changeId": change.change_id,
        "userId": change.user_id,
        "action": change.action,
        "occurredAt": iso(change.occurred_at),
        "by": {"keyId": change.by_key_id, "userId": change.by_user_id},
        "changes": {name: {} if name in _PERSONAL else dict(each) for name, each in change.changes.items()},
    }
