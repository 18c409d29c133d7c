"""How a ledger entry lies in the table, and how the table's stream and the bus say it. Standard library only."""

from collections.abc import Mapping
from typing import Any

from aggregator.billing.entry import Entry, Posting
from aggregator.billing.keys import ACCOUNT_PREFIX, ENTRY_PREFIX, entry_key
from aggregator.runtime import item

JsonObject = dict[str, Any]

_GRANT = {"grant": "given", "expiry": "expired"}


def to_item(entry: Entry, *, written_on: str | None = None) -> JsonObject:
    """Entry to DynamoDB item, as written on a UTC day.

    Absent fields are left out, to stay within one write unit (1 KB).
    """
    values: JsonObject = {
        "kind": entry.kind,
        "occurred_at": entry.occurred_at,
        "postings": {posting.account: posting.amount_nano_usd for posting in entry.postings},
    }
    day = written_on or entry.written_on
    if day is not None:
        values["day"] = day
    if entry.description is not None:
        values["description"] = entry.description
    if entry.refers_to is not None:
        values["refers_to"] = entry.refers_to
    if entry.usage is not None:
        values["usage"] = dict(entry.usage)
    if entry.trace is not None:
        values["trace"] = entry.trace
    return entry_key(entry.user_id, entry.id) | item.item(values)


def from_item(stored: Mapping[str, Any]) -> Entry:
    """Read what `to_item` wrote, from the table or from its stream."""
    values = item.values(stored)
    return Entry(
        id=values["sk"].removeprefix(ENTRY_PREFIX),
        user_id=values["pk"].removeprefix(ACCOUNT_PREFIX),
        kind=values["kind"],
        occurred_at=values["occurred_at"],
        postings=tuple(Posting(account, amount) for account, amount in values["postings"].items()),
        description=values.get("description"),
        refers_to=values.get("refers_to"),
        usage=values.get("usage"),
        written_on=values.get("day"),
        trace=values.get("trace"),
    )


def to_event(entry: Entry) -> JsonObject:
    """Entry as the detail of `transaction_created` v1."""
    detail: JsonObject = {
        "version": 1,
        "entryId": entry.id,
        "userId": entry.user_id,
        "kind": "adjustment" if entry.kind in _GRANT else entry.kind,
        "occurredAt": entry.occurred_at,
        "amountNanoUsd": entry.amount_nano_usd,
        "postings": [
            {"account": posting.account, "amountNanoUsd": posting.amount_nano_usd}
            for posting in entry.postings
        ],
    }
    if entry.kind in _GRANT:
        detail["grant"] = _GRANT[entry.kind]
    if entry.refers_to is not None:
        detail["refersTo"] = entry.refers_to
    if entry.description is not None:
        detail["description"] = entry.description
    if entry.usage is not None:
        detail["usage"] = {"requestId": entry.id, **entry.usage}
    return detail
