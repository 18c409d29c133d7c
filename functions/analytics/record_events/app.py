"""transaction_created, off the analytics-events queue: add ledger entries to the usage figures."""

import time

from aggregator.analytics import wiring
from aggregator.analytics.event import read_batch
from aggregator.analytics.record_events import record_events, report_lags
from aggregator.runtime import clock
from aggregator.runtime.batch import Message, each_batch
from aggregator.runtime.observability import count, logger


def record(messages: list[Message]) -> set[str]:
    batch = read_batch(messages)
    recorded = record_events(batch.entries, wiring.cube(), clock.now(), time.sleep)
    logger.info(
        "record",
        entries=[entry.id for entry in batch.entries],
        traces=batch.traces,
        poison=batch.poison,
        failed=sorted(recorded.failed),
        reasons=sorted(recorded.reasons),
    )
    report_lags(batch.entries, recorded, clock.now())
    count("EntriesRecorded", len(batch.entries) - len(recorded.failed) - len(recorded.repeated))
    count("EntriesRepeated", len(recorded.repeated))
    return batch.failed(recorded.failed)


handler = each_batch(record)
