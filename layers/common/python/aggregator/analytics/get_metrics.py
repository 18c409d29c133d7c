"""Metrics: add up the cells of a time range, by hour or day, and by what the caller wants told apart."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aggregator.analytics.cube import ALL, ALL_USERS, KEY, USER, Cell, of_user
from aggregator.analytics.model import Figures
from aggregator.analytics.read_days import DayReader, Days, TooMuch, bounded
from aggregator.errors import InvalidRequest, StoreUnavailable

# An answer of so many groups is about 4 MB of JSON; Lambda answers 6 MB at most.
MAX_GROUPS = 4000

MAX_CELLS = 40_000
MAX_HOUR_CELLS = 25_000
"""What one question adds up at the most, and how much of it from hours, which takes ten times as long as from packed
days. docs/performance.md has the figures.
"""

Group = tuple[str, ...]
"""Values of the dimensions asked for, in the order they were asked in."""


class Granularity(StrEnum):
    """Length of a bucket of time; the value names it to clients."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Ask:
    """What to add up: whole hours or days from `start` up to, but not including, `end`.

    `user_id` None is everybody. `where` maps a dimension to the one value that counts.
    """

    start: datetime
    end: datetime
    granularity: Granularity
    group_by: tuple[str, ...] = ()
    user_id: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The sums: of everything, by group, and by bucket of time and group. Buckets without entries are absent.

    A bucket is named by its hour (`2026-11-23T06`) or day (`2026-11-23`).
    """

    ask: Ask
    totals: Figures
    groups: dict[Group, Figures]
    series: dict[str, dict[Group, Figures]]


def get_metrics(ask: Ask, cube: Days, now: datetime) -> Metrics:
    """Add up what `ask` is about.

    An entry that lacks a dimension (a credit has no model) counts in the totals, in no group of that dimension,
    and not at all where the dimension must have a certain value.

    Raises:
        InvalidRequest: no cell tells these dimensions apart for everybody, there is too much to add up, or the answer
            would be too long.
        StoreUnavailable: there is too much to add up at once, and less of it the next time: days were packed.
    """
    bucket_length = len("2026-11-23") if ask.granularity is Granularity.DAY else None
    beside: Figures = Counter()
    series: defaultdict[str, defaultdict[Group, Figures]] = defaultdict(lambda: defaultdict(Counter))
    answered = 0
    for cell in _cells(ask, cube, now):
        dimensions = cell.dimensions
        if any(dimensions.get(name) != wanted for name, wanted in ask.where.items()):
            continue
        if not all(name in dimensions for name in ask.group_by):
            beside.update(cell.figures)
            continue
        group = tuple(dimensions[name] for name in ask.group_by)
        bucket = series[cell.hour[:bucket_length]]
        answered += group not in bucket
        bucket[group].update(cell.figures)
        if answered > MAX_GROUPS:
            raise InvalidRequest(
                f"The answer would have more than {MAX_GROUPS} groups; ask for a shorter range, "
                "for days instead of hours, or for fewer dimensions.",
                param="groupBy",
            )
    groups: defaultdict[Group, Figures] = defaultdict(Counter)
    for bucket in series.values():
        for group, figures in bucket.items():
            groups[group].update(figures)
    totals = beside
    for figures in groups.values():
        totals.update(figures)
    return Metrics(ask, totals, dict(groups), {name: dict(series[name]) for name in sorted(series)})


def _cells(ask: Ask, cube: Days, now: datetime) -> Iterator[Cell]:
    """The cells that `ask` is about, each as it is read.

    Raises:
        InvalidRequest: they are too many.
        StoreUnavailable: they are, and will be fewer.
    """
    partition = partition_of(ask)
    days = DayReader(cube, partition, now, most_hours=MAX_HOUR_CELLS)
    by_day = ask.granularity is Granularity.DAY
    try:
        if by_day:
            yield from bounded(days.cells(ask.start, ask.end), MAX_CELLS)
        else:
            yield from bounded(cube.cells(partition, ask.start, ask.end), MAX_HOUR_CELLS)
    except TooMuch:
        if days.kept:
            raise StoreUnavailable(
                "There is much to add up in this range, and part of it is done: ask again.",
                retry_after_seconds=1,
            ) from None
        raise InvalidRequest(
            f"There are too many combinations of key, model and status in this range to add up (over "
            f"{MAX_CELLS if by_day else MAX_HOUR_CELLS}): ask for a shorter one{'' if by_day else ', or for days'}.",
            param="from",
        ) from None


def partition_of(ask: Ask) -> str:
    """Partition of the cells that answer `ask`.

    Raises:
        InvalidRequest: everybody's cells do not tell these dimensions apart; one user's do.
    """
    if ask.user_id is not None:
        return of_user(ask.user_id)
    dimensions = {*ask.group_by, *ask.where}
    if KEY in dimensions:
        raise InvalidRequest("Keys are told apart for one user at a time: give userId.", param="userId")
    if dimensions == {USER}:
        return ALL_USERS
    if USER in dimensions:
        raise InvalidRequest(
            "Users cannot be combined with other dimensions for everybody: give userId, or group by user alone.",
            param="groupBy",
        )
    return ALL
