"""The life of requests behind the answer, in one process on tables in memory: settle, publish, record."""

import json
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from aggregator.analytics.event import read_batch
from aggregator.analytics.record_events import record_events
from aggregator.analytics.store import CubeStore
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import bucket_for
from aggregator.billing.publish import publish
from aggregator.billing.settle_batch import settle_batch
from aggregator.billing.transaction import Order, book
from aggregator.runtime.batch import Message
from aggregator.runtime.clock import iso
from bench.events import KEY_ID, MODEL, USER
from bench.units import MeteredDynamoDb

JsonObject = dict[str, Any]

MORNING = datetime(2026, 11, 23, 6, 19, tzinfo=UTC)
_HELD, _COST, _AVAILABLE = 9_852_000, 10_800, 99_999_989_200
_BETWEEN = timedelta(milliseconds=100)


class Bus:
    """Takes events, and counts calls and events."""

    def __init__(self) -> None:
        self.events: list[JsonObject] = []
        self.calls = 0

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """PutEvents."""
        assert action == "PutEvents"
        self.calls += 1
        self.events += request["Entries"]
        return {"FailedEntryCount": 0}


def never(what: JsonObject) -> None:
    """Where what the bus refuses would go: it refuses nothing."""
    raise RuntimeError(f"set aside: {what}")


def user_of(number: int, users: int) -> str:
    """The account that a request belongs to: `users` of them, in turn."""
    return USER if users == 1 else f"{number % users:08d}-7f0e-4a57-9a53-0d1c7c0e6b11"


def ai_usage(number: int, user_id: str, begin: datetime = MORNING) -> JsonObject:
    """The usage of one request, a tenth of a second after the one before it."""
    now = begin + number * _BETWEEN
    return {
        "version": 1,
        "requestId": f"{int(now.timestamp() * 1000):012x}-c6af9ac6-7b61-11e6-9a41-{number:012x}",
        "userId": user_id,
        "keyId": KEY_ID,
        "occurredAt": iso(now),
        "hold": {"amountNanoUsd": _HELD, "bucket": bucket_for(now.timestamp())},
        "model": MODEL,
        "provider": "openai",
        "attempts": 1,
        "surface": "chat",
        "stream": False,
        "outcome": "completed",
        "status": 200,
        "usage": {
            "inputTokens": 8,
            "cachedInputTokens": 0,
            "cacheWriteTokens": 0,
            "outputTokens": 16,
            "reasoningTokens": 0,
            "images": 0,
            "estimated": False,
        },
        "price": {
            "version": "2026-11-23",
            "input": 150_000_000,
            "output": 600_000_000,
            "cachedInput": 75_000_000,
        },
        "costNanoUsd": _COST,
        "latencyMs": 2040,
        "timeToFirstTokenMs": 640,
        "balanceNanoUsd": _AVAILABLE,
    }


def stream_record(item: JsonObject, number: int) -> JsonObject:
    """A new item as the table's stream tells it."""
    return {
        "eventID": f"{number:032x}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": int(time.time()),
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "NewImage": item,
            "SequenceNumber": f"{number:028d}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def live(requests: int, batch: int, users: int) -> JsonObject:
    """Let `requests` of `users` accounts be held, settled, published and recorded in batches of `batch`.

    Returns, by step, calls for 1,000 requests, and write and read units a request.
    """
    with quietly():
        return _live(requests, batch, users)


def _live(requests: int, batch: int, users: int) -> JsonObject:
    ledger, cube, bus = MeteredDynamoDb(), MeteredDynamoDb(), Bus()
    store = GrantStore(ledger, "billing")
    for user_id in {user_of(n, users) for n in range(requests)}:
        order = Order("c", user_id, "credit", 10**12, iso(MORNING))
        book(store, order, now_epoch_seconds=0, sleep=_no_pause)
    ledger.take()
    usages = [ai_usage(n, user_of(n, users)) for n in range(requests)]
    for usage in usages:
        store.hold(usage["userId"], _HELD, usage["hold"]["bucket"])
    steps = {"reserve": ledger.take()}
    known = set(ledger.engine.items)
    for part in _parts(usages, batch):
        messages = [Message(usage["requestId"], usage) for usage in part]
        assert settle_batch(store, messages, _no_pause, MORNING.timestamp) == set()
    steps["settle"] = ledger.take()
    entries = [item for key, item in ledger.engine.items.items() if key not in known]
    for part in _parts([stream_record(item, n) for n, item in enumerate(entries)], batch):
        assert publish(bus, "bus", part, never) == []
    steps["publish"] = Counter({"calls": bus.calls, "calls.PutEvents": bus.calls})
    for part in _parts(bus.events, batch):
        read = read_batch([Message(str(n), json.loads(each["Detail"])) for n, each in enumerate(part)])
        recorded = record_events(read.entries, CubeStore(cube, "analytics"), MORNING, _no_pause)
        assert not recorded.failed
        assert not read.poison
    steps["record"] = cube.take()
    return {name: _each(spent, requests) for name, spent in steps.items()}


@contextmanager
def quietly() -> Iterator[None]:
    """Without the logs and metrics that consumers write."""
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def _each(spent: Counter[str], requests: int) -> JsonObject:
    return {
        "callsPerThousand": round(1000 * spent["calls"] / requests),
        "writeUnits": round(spent["write_units"] / requests, 3),
        "readUnits": round(spent["read_half_units"] / 2 / requests, 3),
    }


def _parts(of: list[Any], size: int) -> list[list[Any]]:
    return [of[first : first + size] for first in range(0, len(of), size)]


def _no_pause(_seconds: float) -> None:
    return None
