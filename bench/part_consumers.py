"""(e) Settle, publish and record under the true runtime: events a second, CPU an event, AWS calls for 1,000 events."""

import json
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

from aggregator.billing.entry import settlement_of
from aggregator.billing.entry_item import to_item
from aggregator.billing.publish import publish
from aggregator.billing.settle_batch import usage_end_of
from aggregator.contracts.ai_usage import AiUsage
from bench.events import USER
from bench.lambdas import ours
from bench.life import Bus, ai_usage, never, stream_record, user_of
from bench.part_start import one_process
from bench.runtime_api import body_of
from bench.world import World

JsonObject = dict[str, Any]

BATCHES = (1, 10, 100)


def measure(folder: Path, events: int) -> JsonObject:
    """Feed `events` events to each consumer, in batches of 1, 10 and 100, all of one account; AWS answers at once."""
    told: JsonObject = {}
    feeds = {
        "settle": ("billing/settle_usage", _settle_batch),
        "publish": ("billing/publish_transactions", _publish_batch),
        "record": ("analytics/record_events", _record_batch),
    }
    with World(folder / "consumers") as world:
        for step, (function, batch_of) in feeds.items():
            told[step] = {}
            for batch in BATCHES:
                count = max(batch, events if batch > 1 else events // 4)
                batches = [batch_of(first, batch) for first in range(0, count, batch)]
                told[step][str(batch)] = _feed(function, batches, count, world, folder)
    return told


def _feed(function: str, batches: list[bytes], events: int, world: World, folder: Path) -> JsonObject:
    log = folder / "functions.log"
    with ExitStack() as cleanup:
        process = one_process(ours(function), world.environment(), folder, cleanup)
        for warming in batches[:5]:
            process.invoke(warming)
        world.forget()
        before, logged, start = process.cpu_ms(), log.stat().st_size, perf_counter()
        for batch in batches:
            answer = body_of(process.invoke(batch).answer)
            if json.loads(answer) != {"batchItemFailures": []}:
                raise RuntimeError(f"{function} answered {answer[:300]!r}")
        seconds, cpu = perf_counter() - start, process.cpu_ms() - before
        counts = world.counts()
        calls = {name.partition(".")[0]: n for name, n in counts.items() if name.endswith(".calls")}
        return {
            "eventsPerSecond": round(events / seconds),
            "cpuMsPerEvent": round(cpu / events, 4),
            "msPerBatch": round(1000 * seconds / len(batches), 3),
            "callsPerThousand": {action: round(1000 * n / events) for action, n in sorted(calls.items())},
            "logBytesPerBatch": round((log.stat().st_size - logged) / len(batches)),
            "memoryMb": round(process.memory_mb(), 1),
        }


def _settle_batch(first: int, size: int) -> bytes:
    return _queue([ai_usage(number, user_of(number, 1)) for number in range(first, first + size)], "ai_usage")


def _record_batch(first: int, size: int) -> bytes:
    bus = Bus()
    publish(bus, "bus", _records(first, size), never)
    return _queue([json.loads(each["Detail"]) for each in bus.events], "transaction_created")


def _publish_batch(first: int, size: int) -> bytes:
    return json.dumps({"Records": _records(first, size)}).encode()


def _records(first: int, size: int) -> list[JsonObject]:
    ends = [usage_end_of(AiUsage.model_validate(ai_usage(n, USER))) for n in range(first, first + size)]
    entries = settlement_of(ends, None).entries
    return [stream_record(to_item(entry), first + n) for n, entry in enumerate(entries)]


def _queue(details: list[JsonObject], kind: str) -> bytes:
    records = [
        {
            "messageId": f"059f36b4-87a3-44ab-83d2-{number:012d}",
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": json.dumps(
                {"version": "0", "detail-type": kind, "source": "aggregator", "detail": detail}
            ),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
        }
        for number, detail in enumerate(details)
    ]
    return json.dumps({"Records": records}).encode()
