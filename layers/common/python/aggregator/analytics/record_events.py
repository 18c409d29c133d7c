"""Record: add ledger entries to the cube, each once, however often and in whatever company its event arrives."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from aggregator.analytics.day import is_late
from aggregator.analytics.model import Entry
from aggregator.analytics.store import MAX_ENTRIES, MAX_LATE_ENTRIES, AlreadyAdded, CubeBusy
from aggregator.runtime.aws import AwsError
from aggregator.runtime.observability import measure

# A busy cube is waited for half a second, then each user's entries once more for a tenth: a batch of twenty-five
# users ends well within the function's time-out, and what is left comes back with the queue.
_TRIES_TOGETHER = 6
_TRIES_ALONE = 4
_LONGEST_PAUSE_SECONDS = 0.5

Pause = Callable[[float], None]


class Cube(Protocol):
    """Where entries are added."""

    def add(self, entries: Sequence[Entry], now: datetime) -> None:
        """See `CubeStore.add`."""
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch, by entry id: each is in the cube now, or `failed` and untouched.

    `repeated` were in the cube before; `reasons` say why the failed ones failed.
    """

    failed: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()

    def __or__(self, other: "Recorded") -> "Recorded":
        return Recorded(
            self.failed | other.failed, self.repeated | other.repeated, self.reasons | other.reasons
        )


def record_events(entries: Iterable[Entry], cube: Cube, now: datetime, pause: Pause) -> Recorded:
    """Add `entries`; an entry may be there twice. `pause` waits a number of seconds.

    Entries of several users share a transaction, since they meet in the cells of all users. One user's failure
    is that user's alone: what cannot be added together is added user by user.
    """
    distinct = {entry.id: entry for entry in entries}
    ordered = sorted(distinct.values(), key=lambda entry: (entry.user_id, entry.occurred_at))
    most = MAX_LATE_ENTRIES if any(is_late(entry, now) for entry in ordered) else MAX_ENTRIES
    recorded = Recorded()
    for first in range(0, len(ordered), most):
        recorded |= _add(ordered[first : first + most], cube, now, pause, tries=_TRIES_TOGETHER)
    return recorded


def report_lags(entries: Iterable[Entry], recorded: Recorded, now: datetime) -> None:
    """Measure how long calls that were recorded now have been over: `RecordLagMs`."""
    for entry in entries:
        if entry.call is None or entry.id in recorded.failed or entry.id in recorded.repeated:
            continue
        since_it_began = (now - entry.occurred_at) / timedelta(milliseconds=1)
        measure("RecordLagMs", max(0, round(since_it_began - entry.call.latency_ms)))


def _add(entries: Sequence[Entry], cube: Cube, now: datetime, pause: Pause, *, tries: int) -> Recorded:
    left, repeated, reason = entries, frozenset[str](), ""
    for attempt in range(tries):
        try:
            if left:
                cube.add(left, now)
            return Recorded(repeated=repeated)
        except AlreadyAdded as known:
            repeated |= known.entry_ids
            left = [entry for entry in left if entry.id not in known.entry_ids]
            reason = str(known)
        except CubeBusy as busy:
            reason = str(busy)
            pause(_jitter(attempt))
        except AwsError as refused:
            reason = str(refused)
            break
    by_user = [list(group) for _, group in groupby(left, key=lambda entry: entry.user_id)]
    recorded = Recorded(repeated=repeated)
    if len(by_user) > 1:
        for of_one_user in by_user:
            recorded |= _add(of_one_user, cube, now, pause, tries=_TRIES_ALONE)
        return recorded
    return recorded | Recorded(frozenset(entry.id for entry in left), reasons=frozenset({reason}))


def _jitter(attempt: int) -> float:
    """Seconds to wait: anything up to 20 ms, doubled each time.

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter", full jitter.
    """
    return random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.02 * 2**attempt))  # noqa: S311 (no secret)
