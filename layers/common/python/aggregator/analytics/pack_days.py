"""Pack days before anybody asks: whoever has cells in a day that is closed has it packed, and so has everybody's view.

Who that is, the cells of all users say, hour by hour. They are gone through in their order, and how far is kept: a run
that fails or runs out of time is gone on with by the next, and a day that was missed is no different from one that
is due. A user who is met again, in a later hour or after such a pause, costs a look at the pack and no more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from aggregator.analytics.cube import ALL, ALL_USERS, USER, Cell, begin_of, of_user, place_of
from aggregator.analytics.day import DAY, MAX_PACKED_CELLS, is_closed
from aggregator.analytics.read_days import DayReader, Days

MOST_DAYS = 92
"""How far back days are packed: as far as a question may reach."""

_MOST_REMEMBERED = 50_000
_MOST_HOURS = 24 * MAX_PACKED_CELLS


class Cube(Days, Protocol):
    """Where days are packed, and where it is kept how far."""

    def users(self, first: str, last: str) -> Iterator[Cell]:
        """See `CubeStore.users`."""
        ...

    def packed_until(self) -> str:
        """See `CubeStore.packed_until`."""
        ...

    def note_packed(self, until: str) -> None:
        """See `CubeStore.note_packed`."""
        ...


@dataclass(slots=True)
class Done:
    """What a run came to: how many days of a user or of everybody it packed, and whether none are left."""

    packed: int = 0
    whole: bool = False


def pack_days(cube: Cube, now: datetime, has_time: Callable[[], bool]) -> Done:
    """Pack what is closed and was not reached yet. `has_time` is asked before each user's day.

    Raises:
        AwsError: the table did not answer; what was reached before is kept.
    """
    end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if not is_closed(end - DAY, now):
        end -= DAY
    done, last = Done(), begin_of(end)
    before = cube.packed_until()
    first = max(before, begin_of(end - MOST_DAYS * DAY))
    if first >= last:
        return Done(whole=True)
    reached = first
    try:
        for place, day, partitions in _due(cube, first, last):
            if not has_time():
                return done
            done.packed += sum(_pack(cube, each, day, now) for each in partitions)
            reached = place
        reached, done.whole = last, True
    finally:
        if reached > before:
            cube.note_packed(reached)
    return done


def _due(cube: Cube, first: str, last: str) -> Iterator[tuple[str, datetime, list[str]]]:
    """Partitions with cells in a day, and the place of the cell that says so; the first is where the last run ended."""
    seen: set[str] = set()
    day: datetime | None = None
    for cell in cube.users(first, last):
        begin = datetime.fromisoformat(cell.hour).replace(hour=0, tzinfo=UTC)
        # Forgetting costs looks at packs; remembering everybody would cost memory without bound.
        if begin != day or len(seen) >= _MOST_REMEMBERED:
            seen.clear()
        day = begin
        new = [each for each in (ALL, ALL_USERS, of_user(cell.dimensions[USER])) if each not in seen]
        seen.update(new)
        if new:
            yield place_of(cell), begin, new


def _pack(cube: Cube, partition: str, day: datetime, now: datetime) -> int:
    """Pack a day that is not packed. Its first cell comes when it is, or as soon as it has too many to be."""
    reader = DayReader(cube, partition, now, most_hours=_MOST_HOURS)
    next(reader.cells(day, day + DAY), None)
    return reader.kept
