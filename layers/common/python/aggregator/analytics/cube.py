"""Where an entry's figures are added: the cells of the cube, and the marks that say what was added already.

A cell is the sum of all entries of one hour (UTC) that share some dimensions. Each entry goes into three:

    partition       sort key                                                what it serves
    USER#<userId>   HOUR#<hour>#<keyId>#<provider>#<model>#<status>          one user, by anything
    ALL             HOUR#<hour>#<provider>#<model>#<status>                  everybody, by what was called
    ALL_USERS       HOUR#<hour>#<userId>                                     everybody, by user

An entry that is no call has no key, provider, model or status: its cells are `HOUR#<hour>` (and ALL_USERS' own).
The hour is that of the entry, however late its event comes. `2026-11-23T06`; `#` within a value is `%23`. `day.py` has
the sums of whole days.
"""

from base64 import urlsafe_b64encode
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import unquote

from aggregator.analytics.model import Entry, Figures, figures_of

USER, KEY, PROVIDER, MODEL, STATUS = DIMENSIONS = ("user", "key", "provider", "model", "status")

ALL = "ALL"
ALL_USERS = "ALL_USERS"

_OF_CALL = (PROVIDER, MODEL, STATUS)
_OF_USERS_CALL = (KEY, *_OF_CALL)
_MARK_BYTES = 6

Key = tuple[str, str]
"""Partition and sort key of an item."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it was read: its hour (`2026-11-23T06`), the values of its dimensions, and its figures.

    `what` is all that follows the hour in its sort key. The cell of a packed day has the day as its hour.
    """

    hour: str
    what: str
    dimensions: dict[str, str]
    figures: Mapping[str, int]


def of_user(user_id: str) -> str:
    """Partition of one user's cells and marks."""
    return f"USER#{user_id}"


def hour_of(moment: datetime) -> str:
    """`2026-11-23T06`: sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")


def begin_of(hour: datetime) -> str:
    """Before the sort keys of all cells of `hour`, and beyond those of the hours before it."""
    return f"HOUR#{hour_of(hour)}"


def place_of(cell: Cell) -> str:
    """Sort key of a stored cell."""
    return f"HOUR#{cell.hour}{cell.what}"


def cells_of(entries: Iterable[Entry]) -> dict[Key, Figures]:
    """All that `entries` add, summed by cell: entries that meet in a cell cost one write together."""
    cells: defaultdict[Key, Figures] = defaultdict(Counter)
    for entry in entries:
        figures = figures_of(entry)
        for key in _cells_of(entry):
            cells[key].update(figures)
    return dict(cells)


def marks_of(entries: Iterable[Entry]) -> dict[Key, set[str]]:
    """Marks of `entries`, by the item that holds them: one for each user and ten seconds.

    Ten seconds keep such an item within one kilobyte up to ten entries a second, and a batch within one or two.
    """
    marks: defaultdict[Key, set[str]] = defaultdict(set)
    for entry in entries:
        tens = entry.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")[:-1]
        marks[of_user(entry.user_id), f"SEEN#{tens}"].add(mark_of(entry))
    return dict(marks)


def mark_of(entry: Entry) -> str:
    """Eight characters that tell an entry from the others of its ten seconds.

    48 bits: among a thousand entries in one item, two look alike with a probability of 2 in a thousand million.
    """
    return urlsafe_b64encode(sha256(entry.id.encode()).digest()[:_MARK_BYTES]).decode()


def cell_of(partition: str, sort_key: str, figures: Mapping[str, int]) -> Cell:
    """Read a stored cell: what its two keys say of its dimensions."""
    _, hour, *values = sort_key.split("#")
    names = (USER,) if partition == ALL_USERS else _OF_CALL if partition == ALL else _OF_USERS_CALL
    dimensions = {name: unquote(value) for name, value in zip(names, values, strict=False)}
    if partition not in {ALL, ALL_USERS}:
        dimensions[USER] = partition.removeprefix("USER#")
    return Cell(hour, "".join(f"#{value}" for value in values), dimensions, figures)


def _cells_of(entry: Entry) -> tuple[Key, Key, Key]:
    hour = f"HOUR#{hour_of(entry.occurred_at)}"
    call = entry.call
    what = () if call is None else (call.provider, call.model, str(call.status))
    key = () if call is None else (call.key_id,)
    return (
        (of_user(entry.user_id), _join(hour, *key, *what)),
        (ALL, _join(hour, *what)),
        (ALL_USERS, _join(hour, entry.user_id)),
    )


def _join(hour: str, *values: str) -> str:
    return "#".join((hour, *(value.replace("%", "%25").replace("#", "%23") for value in values)))
