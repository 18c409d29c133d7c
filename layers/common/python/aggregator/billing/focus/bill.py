"""A month of ledgers as a FOCUS bill in CSV: one wallet's, or every wallet's; whole, or as much as one answer holds.

Entries are read in the order of their ids, so day by day, and added up to the rows of each day. Where an answer is
full, or its time is over, it ends with the last day that was read to its end, and says where the next answer begins. A
day that is too long for one answer is said in parts: two answers then have rows that differ in nothing but their
amounts, and still add up.
"""

import csv
import io
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from urllib.parse import urlencode

from pydantic import Field

from aggregator.billing.entry import Entry
from aggregator.billing.focus.charges import Day, day_of
from aggregator.billing.focus.columns import COLUMNS, VERSION, Wallet, cells
from aggregator.billing.repricing import Prices
from aggregator.errors import InvalidRequest
from aggregator.runtime.schema import Request, UserId

_MOST_BYTES = 4_000_000
"""Lambda answers 6 MB at most, the text written as JSON."""
_MOST_MS = 15_000.0
"""How long entries are read, of the function's 29 s."""


class FocusQuery(Request):
    """Which bill: a month, of one's own wallet, another user's, a team's, or all."""

    month: str = Field(
        pattern=r"^20\d\d-(0[1-9]|1[0-2])$",
        description="The month (UTC), `YYYY-MM`: that of a past bill, or the running one as far as it is.",
        examples=["2026-11"],
    )
    user_id: UserId | None = Field(
        default=None, description="One user. Your own by default; others for an admin."
    )
    team_id: UserId | None = Field(default=None, description="One team, for its managers and for an admin.")
    all_: bool = Field(default=False, alias="all", description="Every user and every team, for an admin.")
    cursor: str | None = Field(
        default=None, max_length=1_000, description="What the `Link` of the answer before this one says."
    )

    def require_one(self) -> None:
        """Refuse a query that names more than one wallet.

        Raises:
            InvalidRequest: it does.
        """
        named = [
            name
            for name, said in (("userId", self.user_id), ("teamId", self.team_id), ("all", self.all_))
            if said
        ]
        if len(named) > 1:
            raise InvalidRequest(f"{named[1]}: cannot be asked together with {named[0]}", param=named[1])

    def begin(self, now: datetime) -> datetime:
        """When the month begins, asked at `now`.

        Raises:
            InvalidRequest: it has not begun.
        """
        begin = datetime.strptime(self.month, "%Y-%m").replace(tzinfo=UTC)
        if begin > now:
            raise InvalidRequest("month: has not begun yet (UTC)", param="month")
        return begin


class Ledgers(Protocol):
    """Ledgers, as a bill reads them."""

    def wallets(self, after: str | None) -> Iterable[str]:
        """Every wallet that there is, in the table's order, from behind the wallet `after`."""
        ...

    def read(
        self, wallet_id: str, first_id: str, last_id: str, after: str | None
    ) -> tuple[list[Entry], str | None]:
        """The next entries with ids from first to last, oldest first, and where to go on if there is more."""
        ...

    def entry(self, user_id: str, entry_id: str) -> Entry | None:
        """See `BillingStore.entry`."""
        ...


class Sources(NamedTuple):
    """What a bill is made of: ledgers, every price that there ever was, and whose a wallet is."""

    ledgers: Ledgers
    prices: Prices
    wallet: Callable[[str], Wallet]


class Place(NamedTuple):
    """Where an answer ended: in which wallet, and after which of its entries; no entry means that all were said."""

    wallet_id: str
    after: str | None

    def to_cursor(self) -> str:
        """What a client sends to go on from here."""
        return urlsafe_b64encode(json.dumps(self).encode()).decode()

    @classmethod
    def of(cls, cursor: str) -> "Place":
        """Read what `to_cursor` wrote.

        Raises:
            InvalidRequest: it is none of ours.
        """
        try:
            wallet_id, after = json.loads(urlsafe_b64decode(cursor.encode()))
        except (ValueError, TypeError):
            wallet_id = after = None
        if not isinstance(wallet_id, str) or not wallet_id or not isinstance(after, str | None):
            raise InvalidRequest("cursor: is not one of ours", param="cursor")
        return cls(wallet_id, after)


@dataclass(slots=True)
class Bill:
    """Rows after a line of names, in CSV; `rest` is where the next answer begins, None where that is nowhere."""

    query: FocusQuery
    rest: Place | None = None
    _text: io.StringIO = field(default_factory=io.StringIO)
    _bytes: int = 0

    def __post_init__(self) -> None:
        csv.writer(self._text).writerow(COLUMNS)

    @property
    def text(self) -> str:
        """All of it."""
        return self._text.getvalue()

    @property
    def headers(self) -> dict[str, str]:
        """The version that it is of; how to save it; and, if there is more, where, as RFC 8288 has it."""
        said = {
            "x-aggregator-focus-version": VERSION,
            "Content-Disposition": f'attachment; filename="focus-{VERSION}-{self.query.month}.csv"',
        }
        if self.rest is None:
            return said
        cursor = self.rest.to_cursor()
        asked = self.query.model_dump(by_alias=True, exclude_defaults=True, exclude={"cursor"})
        asked = {name: "true" if value is True else value for name, value in asked.items()}
        link = f'<?{urlencode({**asked, "cursor": cursor})}>; rel="next"'
        return {**said, "Link": link, "x-aggregator-next-cursor": cursor}

    @property
    def is_full(self) -> bool:
        """Whether one answer holds no more."""
        return self._bytes > _MOST_BYTES

    def add(self, day: Day, wallet: Callable[[], Wallet]) -> None:
        """Say the rows of one day."""
        charges = list(day.charges())
        if not charges:
            return
        whose, lines = wallet(), io.StringIO()
        csv.writer(lines).writerows(cells(each, whose) for each in charges)
        self._text.write(lines.getvalue())
        self._bytes += len(json.dumps(lines.getvalue()))


def bill(
    sources: Sources,
    query: FocusQuery,
    wallet_id: str | None,
    now: datetime,
    monotonic_ms: Callable[[], float],
) -> Bill:
    """Read a month of a wallet, or with None of every wallet, as far as one answer goes.

    Raises:
        InvalidRequest: the month has not begun, or the cursor is none of ours.
    """
    until = monotonic_ms() + _MOST_MS
    begin = query.begin(now)
    place = None if query.cursor is None else Place.of(query.cursor)
    if place is not None and wallet_id is not None and place.wallet_id != wallet_id:
        raise InvalidRequest("cursor: is none of this wallet's", param="cursor")
    found = Bill(query)
    for each, after in _wallets(sources.ledgers, wallet_id, place):
        reading = _Reading(sources, found, each, _ids_of(begin), lambda: monotonic_ms() < until)
        found.rest = reading.read(after)
        if found.rest is None and wallet_id is None and (found.is_full or monotonic_ms() >= until):
            found.rest = Place(each, None)
        if found.rest is not None:
            break
    return found


def _wallets(
    ledgers: Ledgers, wallet_id: str | None, place: Place | None
) -> Iterator[tuple[str, str | None]]:
    """Each wallet that is asked for, and after which of its entries."""
    if wallet_id is not None:
        yield wallet_id, place and place.after
        return
    if place is not None and place.after is not None:
        yield place
    yield from ((each, None) for each in ledgers.wallets(place and place.wallet_id))


class _Reading:
    """One wallet's month, read day by day into a bill."""

    def __init__(
        self,
        sources: Sources,
        found: Bill,
        wallet_id: str,
        ids: tuple[str, str],
        has_time: Callable[[], bool],
    ) -> None:
        self._sources, self._found = sources, found
        self._wallet_id, self._ids, self._has_time = wallet_id, ids, has_time
        self._wallet: Wallet | None = None

    def read(self, after: str | None) -> Place | None:
        """Read on after an entry; where the next answer begins, None if the month was read to its end."""
        day: Day | None = None
        said = False
        whole = after
        last = after
        while True:
            entries, more = self._sources.ledgers.read(self._wallet_id, *self._ids, last)
            for entry in entries:
                date = day_of(entry.id, entry.occurred_at[:10])
                if day is not None and day.day != date:
                    self._found.add(day, self._whose)
                    day, said, whole = None, True, last
                    if self._found.is_full or not self._has_time():
                        return Place(self._wallet_id, whole)
                day = day or Day(date, self._sources.prices, self._find)
                day.add(entry)
                last = entry.id
            if more is None:
                if day is not None:
                    self._found.add(day, self._whose)
                return None
            if not self._has_time():
                if day is not None and not said:
                    self._found.add(day, self._whose)
                    whole = last
                return Place(self._wallet_id, whole)

    def _find(self, entry_id: str) -> Entry | None:
        return self._sources.ledgers.entry(self._wallet_id, entry_id)

    def _whose(self) -> Wallet:
        self._wallet = self._wallet or self._sources.wallet(self._wallet_id)
        return self._wallet


def _ids_of(begin: datetime) -> tuple[str, str]:
    """The first id that an entry of a month can have, and one behind the last."""
    month = begin.year * 12 + begin.month
    end = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return _id_at(begin), _id_at(end)


def _id_at(moment: datetime) -> str:
    return f"{int(moment.timestamp() * 1000):012x}"
