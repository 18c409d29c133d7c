"""Outbox: ledger entries reach the bus through the table's stream, so an event exists exactly when its entry does."""

import json
from collections.abc import Sequence

from aggregator.billing.entry_item import ENTRY_PREFIX, from_item, to_event
from aggregator.contracts.transaction_created import DETAIL_TYPE, SOURCE
from aggregator.errors import JsonObject
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.observability import logger

MOST_PER_CALL = 10
"""PutEvents takes ten entries."""


def publish(bus: Aws, bus_name: str, records: Sequence[JsonObject]) -> list[str]:
    """Put one `transaction_created` for each new entry; return the stream positions that must come again.

    The stream is read in order, so a failed position holds back all that follow it: the events of a call
    that failed in part may be put twice, which their consumers expect.
    """
    created = [
        record
        for record in records
        if record.get("eventName") == "INSERT"
        and record["dynamodb"]["Keys"]["sk"]["S"].startswith(ENTRY_PREFIX)
    ]
    for first in range(0, len(created), MOST_PER_CALL):
        part = created[first : first + MOST_PER_CALL]
        if not _put(bus, bus_name, part):
            return [part[0]["dynamodb"]["SequenceNumber"]]
    return []


def _put(bus: Aws, bus_name: str, records: Sequence[JsonObject]) -> bool:
    entries = [
        {
            "EventBusName": bus_name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps(to_event(from_item(record["dynamodb"]["NewImage"]))),
        }
        for record in records
    ]
    try:
        answer = bus.call("PutEvents", {"Entries": entries})
    except AwsError as refused:
        logger.warning("Bus refused", code=refused.code)
        return False
    return not answer.get("FailedEntryCount", 0)
