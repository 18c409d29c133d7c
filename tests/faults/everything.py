"""Run every fault, side by side, settle what arrived, and tell what became of it."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from aggregator.billing.reconcile import Finding
from local.replay_usage import send
from tests.faults import chat_cases, kills, queue_cases
from tests.faults.platform import Platform
from tests.faults.queue_cases import PUBLISH, Delivered
from tests.faults.rows import BatchRow, Happened, Row, row_of

SIDE_BY_SIDE = 12


@dataclass(frozen=True)
class Everything:
    """All that happened: chats under faults, chats whose process was killed, batches under faults; and the ledger.

    `hurried` are chats under faults that came out otherwise than the page says while all ran side by side, and were
    asked once more alone: a machine that has no time for a service looks like a slow service. About money they tell
    as much as any.
    """

    disturbed: list[Row]
    hurried: list[Row]
    killed: list[Row]
    delivered: list[BatchRow]
    findings: list[Finding]
    seconds: float

    @property
    def chats(self) -> list[Row]:
        """Every chat."""
        return [*self.disturbed, *self.hurried, *self.killed]


def run_everything(platform: Platform, page: str) -> Everything:
    """Run, settle every event twice, replay what only the log has, settle again; `page` is what should come out."""
    started = time.monotonic()
    cases = list(chat_cases.cases(platform))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        delivered = [pool.submit(run) for run in queue_cases.lanes(platform)]  # they wait the longest
        disturbed = [pool.submit(run) for run in cases]
        killed = [pool.submit(run) for run in kills.kills(platform)]
    row = partial(_row, platform)
    batches = [batch for done in delivered for batch in done.result()]
    kill_runs = [run for done in killed for run in done.result()]
    chats = _settled(platform, [done.result() for done in disturbed])
    rows = [row(happened) for happened in chats]
    hurried = {n: was for n, was in enumerate(rows) if was.line not in page}
    alone = dict(zip(hurried, _settled(platform, [cases[n]() for n in hurried]), strict=True))
    puts = Counter(
        (envelope["detail"]["userId"], envelope["detail"]["entryId"])
        for envelope in platform.take_messages("AnalyticsEventsQueue")
    )
    return Everything(
        disturbed=[row(alone[n]) if n in alone else was for n, was in enumerate(rows)],
        hurried=list(hurried.values()),
        killed=[row(happened) for happened in kill_runs],
        delivered=[_batch_row(platform, batch, puts) for batch in batches],
        findings=platform.findings(),
        seconds=time.monotonic() - started,
    )


def _settled(platform: Platform, chats: list[Happened]) -> list[Happened]:
    platform.settle_all()
    lost = [event for happened in chats for event in happened.lost_events]
    assert send(platform.sqs, platform.stack.resources["BillingUsageQueue"], lost) == []
    platform.settle_all()
    return chats


def _row(platform: Platform, happened: Happened) -> Row:
    account = platform.account(happened.user_id)
    entries = platform.usage_entries(happened.user_id)
    return row_of(happened, time.time(), account, entries, replayed=bool(happened.lost_events))


def _batch_row(platform: Platform, batch: Delivered, puts: Counter[tuple[str, str]]) -> BatchRow:
    """Line of a batch; an entry counts if it is this batch's own."""
    entries = [entry for entry in platform.usage_entries(batch.user_id) if not entry.id.startswith("0-")]
    put = [times for (user_id, _), times in puts.items() if user_id == batch.user_id]
    if batch.section == PUBLISH.section:
        outcome = f"{len(put)} events, each {'once' if set(put) == {1} else 'at least once'}"
    else:
        outcome = f"{len(entries)} entries, each charged once"
    return BatchRow(
        section=batch.section,
        cells=(batch.name, batch.first, str(batch.tries), str(batch.deliveries), outcome),
        charged_nano_usd=-sum(entry.amount_nano_usd for entry in entries),
        entries=len(entries),
        put=len(put),
    )
