"""Outbox: what happened in the ledger reaches the bus through the table's stream, exactly when it is written.

A new entry is a `transaction_created`; an account that falls below its threshold is a `balance_low`.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from aggregator.billing.account_item import account_of
from aggregator.billing.entry_item import ACCOUNT_PREFIX, ENTRY_PREFIX, from_item, to_event
from aggregator.contracts import balance_low, transaction_created
from aggregator.errors import JsonObject
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import logger

MOST_PER_CALL = 10
"""PutEvents takes ten entries."""


def publish(bus: Aws, bus_name: str, records: Sequence[JsonObject]) -> list[str]:
    """Put the events of a batch of stream records; return the position that must come again, if any.

    The stream is read in order, so a failed position holds back all that follow it: the events of a call
    that failed in part may be put twice, which their consumers expect.
    """
    events = list(_events(bus_name, records))
    for first in range(0, len(events), MOST_PER_CALL):
        part = events[first : first + MOST_PER_CALL]
        if not _put(bus, [entry for _, entry in part]):
            return [part[0][0]]
    return []


def _events(bus_name: str, records: Sequence[JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    """Each event with the stream position it comes from."""
    for record in records:
        change = record["dynamodb"]
        key = change["Keys"]["sk"]["S"]
        if record["eventName"] == "INSERT" and key.startswith(ENTRY_PREFIX):
            detail = to_event(from_item(change["NewImage"]))
            kind = transaction_created.DETAIL_TYPE
        elif record["eventName"] == "MODIFY" and key == "BALANCE" and (low := _crossing(change)):
            detail, kind = low, balance_low.DETAIL_TYPE
        else:
            continue
        entry = {
            "EventBusName": bus_name,
            "Source": transaction_created.SOURCE,
            "DetailType": kind,
            "Detail": json.dumps(detail),
        }
        yield change["SequenceNumber"], entry


def _crossing(change: JsonObject) -> JsonObject | None:
    """The event, if this change took an account from its threshold or above to below it."""
    user_id = change["Keys"]["pk"]["S"].removeprefix(ACCOUNT_PREFIX)
    before = account_of(user_id, change.get("OldImage") or {})
    after = account_of(user_id, change["NewImage"])
    threshold = after.alert_below_nano_usd
    if threshold is None or not after.total_nano_usd < threshold <= before.total_nano_usd:
        return None
    moment = datetime.fromtimestamp(change["ApproximateCreationDateTime"], UTC)
    return {
        "version": 1,
        "crossingId": f"{user_id}-{change['SequenceNumber']}",
        "userId": user_id,
        "occurredAt": iso(moment),
        "thresholdNanoUsd": threshold,
        "totalNanoUsd": after.total_nano_usd,
        "availableNanoUsd": after.available_nano_usd,
    }


def _put(bus: Aws, entries: list[JsonObject]) -> bool:
    try:
        answer = bus.call("PutEvents", {"Entries": entries})
    except AwsError as refused:
        logger.warning("Bus refused", code=refused.code)
        return False
    return not answer.get("FailedEntryCount", 0)
