"""Read whole days: packs where there are some that hold, hours where there are none, which are packed in passing."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol

from aggregator.analytics.cube import Cell
from aggregator.analytics.day import DAY, MAX_PACKED_CELLS, Pack, Sums, day_of, is_closed, packed, summed


class Hours(Protocol):
    """Where hours are read."""

    def cells(
        self, partition: str, start: datetime, end: datetime, *, consistent: bool = False
    ) -> Iterator[Cell]:
        """See `CubeStore.cells`."""
        ...


class Days(Hours, Protocol):
    """Where hours and packs are read, and packs are kept."""

    def packs(self, partition: str, start: datetime, end: datetime) -> Iterator[Pack]:
        """See `CubeStore.packs`."""
        ...

    def keep(self, partition: str, pack: Pack) -> None:
        """See `CubeStore.keep`."""
        ...


class TooMuch(Exception):
    """There are more cells than one question may read."""


def bounded(cells: Iterator[Cell], most: int) -> Iterator[Cell]:
    """The cells, as they are taken.

    Raises:
        TooMuch: there is one after the first `most`.
    """
    for number, cell in enumerate(cells):
        if number >= most:
            raise TooMuch
        yield cell


class DayReader:
    """The cells of whole days of one partition, none of them told by the hour.

    One pack, or one page of hours, is in memory at a time, and the sums of the day that is read. `kept` counts the days
    that were packed: who had to give up for now goes on from there the next time.
    """

    def __init__(self, cube: Days, partition: str, now: datetime, *, most_hours: int) -> None:
        self._cube = cube
        self._partition = partition
        self._now = now
        self._hours_left = most_hours
        self.kept = 0

    def cells(self, start: datetime, end: datetime) -> Iterator[Cell]:
        """Cells from the day of `start` up to, but not including, that of `end`; packed days come first.

        Raises:
            TooMuch: the days that are not packed have more than `most_hours` cells.
        """
        late: dict[str, int] = {}
        done: set[str] = set()
        for pack in self._cube.packs(self._partition, start, end):
            late[pack.day] = pack.late
            if pack.sums is not None:
                done.add(pack.day)
                yield from pack.cells(self._partition)
        for first, last in _stretches(start, end, done):
            for day, hours in groupby(self._hours(first, last), key=_day_of):
                yield from self._day(day, hours, late.get(day, 0))

    def _hours(self, start: datetime, end: datetime) -> Iterator[Cell]:
        hours = self._cube.cells(self._partition, start, end, consistent=is_closed(start, self._now))
        for cell in bounded(hours, self._hours_left):
            self._hours_left -= 1
            yield cell

    def _day(self, day: str, hours: Iterator[Cell], late: int) -> Iterator[Cell]:
        """A day's cells, from its hours: added up, and packed, unless they are too many for that."""
        sums: Sums = {}
        for cell in hours:
            if cell.what not in sums and len(sums) >= MAX_PACKED_CELLS:
                yield from summed(self._partition, day, sums)
                yield cell
                yield from hours
                return
            sums.setdefault(cell.what, Counter()).update(cell.figures)
        if is_closed(datetime.fromisoformat(day).replace(tzinfo=UTC), self._now):
            data = packed(sums)
            if data is not None:
                self._cube.keep(self._partition, Pack(day, late, data))
                self.kept += 1
        yield from summed(self._partition, day, sums)


def _day_of(cell: Cell) -> str:
    return cell.hour[: len("2026-11-23")]


def _stretches(start: datetime, end: datetime, done: set[str]) -> Iterator[tuple[datetime, datetime]]:
    """Ranges of days that are not done, longest possible."""
    first: datetime | None = None
    day = start
    while day < end:
        if day_of(day) in done:
            if first is not None:
                yield first, day
            first = None
        elif first is None:
            first = day
        day += DAY
    if first is not None:
        yield first, end
