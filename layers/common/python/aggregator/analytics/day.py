"""A day packed: the sums of its hours by everything but the hour, kept so that long ranges need not read the hours.

    now, after the day's end     recording an entry of that day        reading that day
    up to 30 minutes             adds to its hours                     reads its hours
    30 to 90 minutes             and counts it as late, in the same    reads its hours
    later                        transaction                           reads its pack; where none holds, its hours,
                                                                       and packs them

`pack_days.py` reads every day once when it is closed, so that who asks finds it packed.

A pack says how many late entries had been counted before its hours were read. It holds as long as that is the count
still: a pack that is used equals the sum of its hours, however late an entry came. The hour in between is there for
transactions that began before the count did; a recorder lives for 30 seconds.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aggregator.analytics.cube import Cell, Key, cell_of, cells_of
from aggregator.analytics.model import Entry

DAY = timedelta(days=1)

MAX_PACKED_CELLS = 2_000
MAX_PACK_BYTES = 350_000
"""What is packed at the most: a day that has more stays hours. An item of DynamoDB may have 400 KB."""

_LATE_AFTER = timedelta(minutes=30)
_CLOSED_AFTER = timedelta(minutes=90)
_PREFIX = "DAY#"
_AS_AN_HOUR = "HOUR#"

Sums = dict[str, Counter[str]]
"""A day's figures by what follows the hour in the sort keys of its cells: `#k1#openai#gpt-4o#200`, or nothing."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A day as it is kept. `late`: its late entries; `sums` is None where nothing that fits them is packed."""

    day: str
    late: int
    sums: bytes | None

    def cells(self, partition: str) -> Iterator[Cell]:
        """The packed cells; their `hour` is the day."""
        assert self.sums is not None
        yield from summed(partition, self.day, json.loads(zlib.decompress(self.sums)))


def summed(partition: str, day: str, sums: Mapping[str, Mapping[str, int]]) -> Iterator[Cell]:
    """A day's sums as cells."""
    for what, figures in sums.items():
        yield cell_of(partition, f"{_AS_AN_HOUR}{day}{what}", figures)


def day_of(moment: datetime) -> str:
    """`2026-11-23`: sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def key_of(day: str) -> str:
    """Sort key of a day's pack."""
    return _PREFIX + day


def named_in(sort_key: str) -> str:
    """The day that a pack's sort key names."""
    return sort_key.removeprefix(_PREFIX)


def is_closed(day: datetime, now: datetime) -> bool:
    """Whether the day that begins at `day` may be packed: who adds to it from now on counts as late."""
    return now >= day + DAY + _CLOSED_AFTER


def is_late(entry: Entry, now: datetime) -> bool:
    """Whether an entry that is recorded now counts as late."""
    begin = entry.occurred_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return now >= begin + DAY + _LATE_AFTER


def late_days_of(entries: Iterable[Entry], now: datetime) -> dict[Key, int]:
    """How many late entries each pack has to count, by its key."""
    late: Counter[Key] = Counter()
    for entry in entries:
        if is_late(entry, now):
            partitions = {partition for partition, _ in cells_of([entry])}
            late.update((partition, key_of(day_of(entry.occurred_at))) for partition in partitions)
    return dict(late)


def packed(sums: Mapping[str, Mapping[str, int]]) -> bytes | None:
    """Sums as they are kept; None if they are too many."""
    if len(sums) > MAX_PACKED_CELLS:
        return None
    data = zlib.compress(json.dumps(sums, separators=(",", ":")).encode())
    return data if len(data) <= MAX_PACK_BYTES else None
