"""Outbox: what happened in the ledger reaches the bus through the table's stream, exactly when it is written.

A new entry is a `transaction_created`, a new version of a plan a `plan_changed`; an account that falls below its
threshold is a `balance_low`.

The stream is read in order, and what is held back holds back all behind it until it is given up. So only what may pass
later is held back: an entry that the bus will never take, or a record that is no entry, is set aside at once.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.billing.account_item import account_of
from aggregator.billing.entry import Entry
from aggregator.billing.entry_item import from_item, to_event
from aggregator.billing.keys import ACCOUNT_PREFIX, ENTRY_PREFIX
from aggregator.billing.plans.stored import VERSION_PREFIX, plan_of
from aggregator.billing.plans.stored import event_of as event_of_plan
from aggregator.contracts import balance_low, plan_changed, transaction_created
from aggregator.errors import JsonObject
from aggregator.runtime import item
from aggregator.runtime.aws import TIMED_OUT, TRANSIENT, UNREACHABLE, Aws, AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import logger
from aggregator.runtime.xray import trace_of

MOST_PER_CALL = 10
"""PutEvents takes ten entries."""

# Refusals of an entry for what it is: it would be refused for ever. Source: EventBridge API reference, PutEvents.
_NEVER = frozenset({"MalformedDetail", "InvalidArgument", "ValidationException"})
_BUS_IS_AWAY = TRANSIENT | {TIMED_OUT, UNREACHABLE}

SetAside = Callable[[JsonObject], None]


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """One event for the bus, and the stream position that it comes from.

    `entry_id` and `trace` are of the ledger entry that it tells of, if it does.
    """

    position: str
    entry: JsonObject
    entry_id: str | None = None
    trace: str | None = None


def publish(bus: Aws, bus_name: str, records: Sequence[JsonObject], set_aside: SetAside) -> list[str]:
    """Put the events of a batch of stream records; return the position that must come again, if any.

    What the bus refuses is put once more, each entry by itself: the position is that of the first one that is still
    refused, and the others of its call are not put again. `set_aside` keeps what can never be put.
    """
    outgoing, unkept = _outgoing(bus_name, records, set_aside)
    for first in range(0, len(outgoing), MOST_PER_CALL):
        held_back = _put_all(bus, outgoing[first : first + MOST_PER_CALL], set_aside)
        if held_back:
            return [min([*held_back, *unkept], key=int)]
    _report(outgoing)
    return unkept[:1]


def dead_letters(sqs: Aws, url: str) -> SetAside:
    """Sets aside into a dead letter queue, one message each."""

    def set_aside(kept: JsonObject) -> None:
        sqs.call("SendMessage", {"QueueUrl": url, "MessageBody": json.dumps(kept)})

    return set_aside


def _report(published: Sequence[_Outgoing]) -> None:
    entries = [each.entry_id for each in published if each.entry_id]
    if entries:
        known = ((each.entry_id, trace_of(each.trace)) for each in published)
        logger.info("published", entries=entries, traces={name: trace.root for name, trace in known if trace})


def _put_all(bus: Aws, outgoing: Sequence[_Outgoing], set_aside: SetAside) -> list[str]:
    """Put one call's events; return the positions of those that are still refused and may pass later."""
    refused = _put(bus, outgoing)
    if len(refused) == len(outgoing) and all(code in _BUS_IS_AWAY for _, code in refused):
        return [outgoing[0].position]
    held_back = []
    for each, _ in refused:
        for again, code in _put(bus, [each]):
            if code not in _NEVER or not _kept(set_aside, again.position, code, again.entry):
                held_back.append(again.position)
    return held_back


def _put(bus: Aws, outgoing: Sequence[_Outgoing]) -> list[tuple[_Outgoing, str]]:
    """One call; what it refused, each with the code."""
    try:
        answer = bus.call("PutEvents", {"Entries": [each.entry for each in outgoing]})
    except AwsError as refused:
        logger.warning("Bus refused", code=refused.code, entries=len(outgoing))
        return [(each, refused.code) for each in outgoing]
    if not answer.get("FailedEntryCount", 0):
        return []
    results = answer.get("Entries") or [{"ErrorCode": "Unsaid"}] * len(outgoing)
    refusals = [
        (each, str(result["ErrorCode"]))
        for each, result in zip(outgoing, results, strict=True)
        if result.get("ErrorCode")
    ]
    logger.warning("Bus refused entries", codes=sorted({code for _, code in refusals}), entries=len(refusals))
    return refusals


def _kept(set_aside: SetAside, position: str, why: str, what: JsonObject) -> bool:
    """Whether it is in the dead letter queue, so that the stream may go on without it."""
    try:
        set_aside({"sequenceNumber": position, "reason": why, **what})
    except AwsError as refused:
        logger.error("Not set aside", code=refused.code, position=position)
        return False
    logger.error("Set aside", reason=why, position=position)
    return True


def _outgoing(
    bus_name: str, records: Iterable[JsonObject], set_aside: SetAside
) -> tuple[list[_Outgoing], list[str]]:
    """The events of a batch, and positions of records that cannot be read and could not be set aside."""
    outgoing: list[_Outgoing] = []
    unkept: list[str] = []
    for record in records:
        position = record["dynamodb"]["SequenceNumber"]
        try:
            event = _event_of(bus_name, record)
        except (KeyError, ValueError, TypeError, AttributeError, StopIteration) as poison:
            keys = {"Keys": record["dynamodb"].get("Keys")}
            if not _kept(set_aside, position, type(poison).__name__, keys):
                unkept.append(position)
        else:
            if event is not None:
                outgoing.append(event)
    return outgoing, unkept


def _event_of(bus_name: str, record: JsonObject) -> _Outgoing | None:
    """What one stream record says to the bus, if anything.

    A stream carries no trace, so an entry brings its request's along: the bus hands it on to what is behind it.
    Source: EventBridge user guide, "Amazon EventBridge integration with AWS X-Ray" (`TraceHeader`).
    """
    entry: Entry | None = None
    change = record["dynamodb"]
    key = change["Keys"]["sk"]["S"]
    if record["eventName"] == "INSERT" and key.startswith(ENTRY_PREFIX):
        entry = from_item(change["NewImage"])
        detail = to_event(entry)
        kind = transaction_created.DETAIL_TYPE
    elif record["eventName"] == "INSERT" and key.startswith(VERSION_PREFIX):
        detail = event_of_plan(plan_of(item.values(change["NewImage"])))
        kind = plan_changed.DETAIL_TYPE
    elif record["eventName"] == "MODIFY" and key == "BALANCE" and (low := _crossing(change)):
        detail, kind = low, balance_low.DETAIL_TYPE
    else:
        return None
    put = {
        "EventBusName": bus_name,
        "Source": transaction_created.SOURCE,
        "DetailType": kind,
        "Detail": json.dumps(detail),
    }
    position = change["SequenceNumber"]
    if entry is None:
        return _Outgoing(position, put)
    return _Outgoing(
        position, put | ({"TraceHeader": entry.trace} if entry.trace else {}), entry.id, entry.trace
    )


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
