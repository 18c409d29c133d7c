"""What look-ups read, and the only reader of their environment."""

import json
import os
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from aggregator.analytics import wiring as analytics
from aggregator.analytics.event import entry_of
from aggregator.billing import wiring as billing
from aggregator.billing.api import Balance
from aggregator.billing.entry_item import to_event
from aggregator.billing.statement import StatementEntry, StatementQuery, statement
from aggregator.health.details_wiring import queues
from aggregator.health.look_up import Sources
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.boto_client import BotoClient

JsonObject = dict[str, Any]

LAST_ENTRIES = 20
_MISSING = "ResourceNotFoundException"


def sources() -> Sources:
    """The tables, logs and queues of this stack."""
    return Sources(
        balance=lambda user_id: Balance.of(billing.store().account(user_id), time.time()),
        entries=lambda user_id: (
            statement(billing.store(), user_id, StatementQuery(limit=LAST_ENTRIES), clock.now()).entries
        ),
        entry=_entry,
        is_recorded=_is_recorded,
        lines=_lines,
        dead_letters=queues,
    )


def _entry(user_id: str, request_id: str) -> StatementEntry | None:
    entry = billing.store().entry(user_id, request_id)
    return None if entry is None else StatementEntry.of(entry)


def _is_recorded(user_id: str, request_id: str) -> bool:
    entry = billing.store().entry(user_id, request_id)
    if entry is None:
        return False
    known = entry_of(to_event(entry))
    return known.id in analytics.cube().added([known])


@cache
def _logs() -> Aws:
    return BotoClient("logs", read_timeout_seconds=5, attempts=2)


def _lines(group: str, word: str, first_ms: int, last_ms: int) -> Sequence[JsonObject]:
    """Lines of a log group that hold the word and are JSON; none where the group is not there.

    As a regular expression a word of letters, digits and hyphens is found wherever it stands; the emulator knows
    phrases alone. Source: Amazon CloudWatch Logs user guide, "Filter pattern syntax".
    """
    quote = '"' if os.environ["ENVIRONMENT"] == "local" else "%"
    asked = {
        "logGroupName": f"/{os.environ['STACK_NAME']}/{group}",
        "filterPattern": f"{quote}{word}{quote}",
        "startTime": first_ms,
        "endTime": last_ms,
        "limit": 50,
    }
    try:
        events = _logs().call("FilterLogEvents", asked)["events"]
    except AwsError as refused:
        if refused.code == _MISSING:
            return []
        raise
    found = [event["message"] for event in events if word in event["message"]]
    return [said for message in found if isinstance(said := _json(message), dict)]


def _json(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None
