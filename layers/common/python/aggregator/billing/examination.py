"""How far the examination of one account has come. It survives from one invocation to the next as JSON.

What it counts is bounded: a sum for each day whose books are open, one for all that is closed, one for what belongs
nowhere. So a ledger of any length is read in pages, in as many invocations as it takes.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aggregator.billing.books import Closing, Tally
from aggregator.billing.cost import cost_of
from aggregator.billing.entry import PLATFORM_LOSS, Entry
from aggregator.billing.grants import GRANT
from aggregator.billing.model import Account, Held, Posted, day_of
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Usage
from aggregator.billing.repricing import Prices

JsonObject = dict[str, Any]

DAY_IS_OVER_AFTER_SECONDS = 3600
"""How long after midnight the day before is over for all: a write takes seconds, and clocks differ by less."""

_IDS_BEFORE_SECONDS = 3600
"""How much earlier than its day an entry's id may be, and is still found without reading the whole ledger."""


@dataclass(slots=True)
class Examination:
    """One account as it was when the reading began, and what its entries come to so far.

    `whole` reads the ledger from its first entry on, else from the first day whose books are open. `open_from` is the
    first day that is not over. `suspected` is what an earlier reading found not to fit.
    """

    account: Account
    checkpoint: Closing | None
    open_from: str
    whole: bool
    tries: int = 0
    suspected: tuple[str, ...] = ()
    days: dict[str, Tally] = field(default_factory=dict)
    closed: Tally = field(default_factory=Tally)
    stray: Tally = field(default_factory=Tally)
    last_id: str = ""
    after: str | None = None
    is_read: bool = False
    entries: int = 0
    loss_nano_usd: NanoUsd = 0
    granted_nano_usd: NanoUsd = 0
    mispriced: list[str] = field(default_factory=list)
    mispriced_entries: int = 0

    @classmethod
    def of(
        cls, account: Account, checkpoint: Closing | None, now_epoch_seconds: float, **how: Any
    ) -> "Examination":
        """One that begins now; there is no way but the whole ledger for books that were never closed."""
        how["whole"] = how["whole"] or account.closed_on is None
        return cls(
            account,
            checkpoint,
            day_of(now_epoch_seconds - DAY_IS_OVER_AFTER_SECONDS),
            days={day: Tally() for day in account.days},
            is_read=not how["whole"] and not account.days,
            **how,
        )

    @property
    def first_id(self) -> str:
        """Where the reading begins: ids begin with their time, so a later day's entries lie behind an earlier one's."""
        if self.whole:
            return ""
        begin = datetime.fromisoformat(min(self.days)).replace(tzinfo=UTC).timestamp()
        return f"{int((begin - _IDS_BEFORE_SECONDS) * 1000):012x}"

    def take(self, entry: Entry, fingerprint: int, prices: Prices | None, most_named: int) -> None:
        """Count one entry where it belongs."""
        self.entries += 1
        self.loss_nano_usd -= sum(
            posting.amount_nano_usd for posting in entry.postings if posting.account == PLATFORM_LOSS
        )
        self.granted_nano_usd += sum(
            posting.amount_nano_usd for posting in entry.postings if posting.account.startswith(GRANT)
        )
        tally = self._tally_of(entry)
        if tally is not None:
            tally.add(entry, fingerprint)
            if entry.written_on is None or entry.written_on < self.open_from:
                self.last_id = max(self.last_id, entry.id)
        if prices is not None and not is_priced_right(entry, prices):
            self.mispriced_entries += 1
            if len(self.mispriced) < most_named:
                self.mispriced.append(entry.id)

    def _tally_of(self, entry: Entry) -> Tally | None:
        day, closed_on = entry.written_on, self.account.closed_on
        if day is not None and day in self.days:
            return self.days[day]
        if day is None:  # from before accounts counted days
            if closed_on is None or (self.checkpoint is not None and entry.id <= self.checkpoint.last_id):
                return self.closed if self.whole else None
            return self.stray
        if closed_on is not None and day <= closed_on:
            return self.closed if self.whole else None
        return (
            None if day >= self.open_from else self.stray
        )  # an open one: written after the account was read

    def over(self) -> list[str]:
        """The open days that nobody writes under any more."""
        return sorted(day for day in self.account.days if day < self.open_from)

    def to_json(self) -> JsonObject:
        """For a message to whoever goes on with it."""
        account, checkpoint = self.account, self.checkpoint
        return {
            "userId": account.user_id,
            "account": {
                "available": account.available_nano_usd,
                "holds": {
                    bucket: [held.amount_nano_usd, held.requests] for bucket, held in account.holds.items()
                },
                "days": {
                    day: [posted.amount_nano_usd, posted.entries] for day, posted in account.days.items()
                },
                "closedOn": account.closed_on,
                "closed": account.closed_nano_usd,
                "granted": account.granted_nano_usd,
                "grants": account.grants_version,
            },
            "checkpoint": checkpoint
            and [checkpoint.day, checkpoint.tally.to_json(), checkpoint.last_id, checkpoint.before],
            "openFrom": self.open_from,
            "whole": self.whole,
            "tries": self.tries,
            "suspected": list(self.suspected),
            "days": {day: tally.to_json() for day, tally in self.days.items()},
            "closed": self.closed.to_json(),
            "stray": self.stray.to_json(),
            "lastId": self.last_id,
            "after": self.after,
            "isRead": self.is_read,
            "entries": self.entries,
            "loss": self.loss_nano_usd,
            "granted": self.granted_nano_usd,
            "mispriced": self.mispriced,
            "mispricedEntries": self.mispriced_entries,
        }

    @classmethod
    def from_json(cls, said: JsonObject) -> "Examination":
        """Read what `to_json` wrote."""
        was, user_id, closing = said["account"], said["userId"], said["checkpoint"]
        account = Account(
            user_id,
            was["available"],
            {bucket: Held(*held) for bucket, held in was["holds"].items()},
            days={day: Posted(*posted) for day, posted in was["days"].items()},
            closed_on=was["closedOn"],
            closed_nano_usd=was["closed"],
            granted_nano_usd=was.get("granted", 0),
            grants_version=was.get("grants", 0),
        )
        return cls(
            account,
            closing and Closing(user_id, closing[0], Tally.from_json(closing[1]), closing[2], closing[3]),
            said["openFrom"],
            said["whole"],
            said["tries"],
            tuple(said["suspected"]),
            {day: Tally.from_json(tally) for day, tally in said["days"].items()},
            Tally.from_json(said["closed"]),
            Tally.from_json(said["stray"]),
            said["lastId"],
            said["after"],
            said["isRead"],
            said["entries"],
            said["loss"],
            said.get("granted", 0),
            said["mispriced"],
            said["mispricedEntries"],
        )


def is_priced_right(entry: Entry, prices: Prices) -> bool:
    """Whether a usage entry comes to its usage at its price version, up to its hold; other kinds always do."""
    if entry.usage is None:
        return True
    price = prices.of(entry.usage["model"], entry.usage["provider"], entry.usage["priceVersion"])
    if price is None:
        return False
    cost = cost_of(Usage.from_json(entry.usage), price)
    loss = -sum(posting.amount_nano_usd for posting in entry.postings if posting.account == PLATFORM_LOSS)
    return bool(cost == entry.usage["chargedNanoUsd"] + loss)
