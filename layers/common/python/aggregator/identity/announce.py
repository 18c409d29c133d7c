"""Put `user_changed` v1 and `team_changed` v1 on the bus: one event for each entry of an audit trail.

The entry in the table is the record; the event tells others soon. A bus that fails undoes no change: the event
is in one log line instead, from which it can be put again. Consumers tell repeated ones by `changeId`.
"""

import json

from aggregator.contracts import team_changed, user_changed
from aggregator.errors import JsonObject
from aggregator.identity.model import Change
from aggregator.identity.team import TeamChange
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import logger

_PERSONAL = frozenset({"email", "name", "boundTo"})


class PeopleAnnouncer:
    """The platform's bus, for changes of users and teams."""

    def __init__(self, bus: Aws, bus_name: str) -> None:
        self._bus = bus
        self._bus_name = bus_name

    def announce(self, change: Change | TeamChange) -> None:
        """Put one event; a failure is logged with the whole event, and never raised."""
        kind = user_changed if isinstance(change, Change) else team_changed
        detail = event_of(change) if isinstance(change, Change) else event_of_team(change)
        entry = {
            "EventBusName": self._bus_name,
            "Source": kind.SOURCE,
            "DetailType": kind.DETAIL_TYPE,
            "Detail": json.dumps(detail),
        }
        try:
            answer = self._bus.call("PutEvents", {"Entries": [entry]})
        except AwsError as refused:
            logger.error("Change not announced", kind=kind.DETAIL_TYPE, code=refused.code, event=detail)
            return
        if answer.get("FailedEntryCount"):
            code = answer["Entries"][0].get("ErrorCode")
            logger.error("Change not announced", kind=kind.DETAIL_TYPE, code=code, event=detail)


def event_of(change: Change) -> JsonObject:
    """The event's detail: who did what to which user, when. A name, address or binding changed: not to what."""
    changes = {name: {} if name in _PERSONAL else dict(each) for name, each in change.changes.items()}
    return {"version": 1, "userId": change.user_id, **_said(change), "changes": changes}


def event_of_team(change: TeamChange) -> JsonObject:
    """The same of a team, or of a member in it."""
    member = {} if change.member_user_id is None else {"memberUserId": change.member_user_id}
    return {
        "version": 1,
        "teamId": change.team_id,
        **member,
        **_said(change),
        "changes": dict(change.changes),
    }


def _said(change: Change | TeamChange) -> JsonObject:
    return {
        "changeId": change.change_id,
        "action": change.action,
        "occurredAt": iso(change.occurred_at),
        "by": {"keyId": change.by_key_id, "userId": change.by_user_id},
    }
