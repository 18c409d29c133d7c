"""Reconcile: recompute every account from its entries, and say what does not fit.

An account fits when what is available and held adds up to its postings. What is held past its deadline is an orphan:
a request whose usage never arrived; the money is the user's, and the count is the operator's to look into.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from aggregator.billing.model import PLATFORM_LOSS, Account, Entry
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.billing.price import Usage, cost_of
from aggregator.billing.repricing import Prices

_TRIES = 5
_PAGE = 1000
_FIRST_ID, _LAST_ID = "", "~"


class Books(Protocol):
    """What reconciling reads of the billing store."""

    def user_ids(self) -> Iterator[str]:
        """See `BillingStore.user_ids`."""
        ...

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...

    def entries(
        self, user_id: str, first_id: str, last_id: str, *, limit: int, after: str | None = None
    ) -> tuple[list[Entry], str | None]:
        """See `BillingStore.entries`."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What one account comes to. Amounts are nano-US-dollars.

    `drift_nano_usd` is what the account has beyond its postings: anything but 0 is a defect. `mispriced` names entries
    that do not come to their usage at their price version; `unbooked` events without an entry, `untold` usage entries
    without an event (where all events of the time were given). `settled` is False where settling went on all the while,
    so that no two reads agreed: such an account is not judged.
    """

    user_id: str
    entries: int
    total_nano_usd: NanoUsd
    drift_nano_usd: NanoUsd
    orphan_holds: int
    orphaned_nano_usd: NanoUsd
    loss_nano_usd: NanoUsd
    mispriced: tuple[str, ...] = ()
    unbooked: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    settled: bool = True

    @property
    def is_sound(self) -> bool:
        """Whether nothing needs a person."""
        return self.drift_nano_usd == 0 and not (self.mispriced or self.unbooked or self.untold)


def reconcile(
    books: Books,
    *,
    now_epoch_seconds: float,
    prices: Prices | None = None,
    events: Iterable[Mapping[str, Any]] = (),
    whole: bool = False,
) -> Iterator[Finding]:
    """Examine every account; with `prices`, every entry's charge as well.

    `events` are `ai_usage` events from elsewhere (an archive, log lines): those without an entry are found and, if
    `whole`, because they are all there were, usage entries without an event as well.
    """
    expected: dict[str, set[str]] = {}
    for event in events:
        expected.setdefault(event["userId"], set()).add(event["requestId"])
    for user_id in sorted({*books.user_ids(), *expected}):
        found = _examine(books, user_id, now_epoch_seconds, prices, expected.get(user_id, set()))
        yield found if whole else replace(found, untold=())


def _examine(
    books: Books, user_id: str, now_epoch_seconds: float, prices: Prices | None, expected: set[str]
) -> Finding:
    for _ in range(_TRIES):
        account = books.account(user_id)
        entries = list(all_entries(books, user_id))
        settled = books.account(user_id).total_nano_usd == account.total_nano_usd
        if settled:
            break
    posted = sum(entry.amount_nano_usd for entry in entries)
    lapsed = account.lapsed(now_epoch_seconds).values()
    return Finding(
        user_id=user_id,
        entries=len(entries),
        total_nano_usd=account.total_nano_usd,
        drift_nano_usd=account.total_nano_usd - posted if settled else 0,
        orphan_holds=sum(held.count for held in lapsed),
        orphaned_nano_usd=sum(held.amount_nano_usd for held in lapsed),
        loss_nano_usd=-sum(_posted(entry, PLATFORM_LOSS) for entry in entries),
        mispriced=tuple(entry.id for entry in entries if prices and not is_priced_right(entry, prices)),
        unbooked=tuple(sorted(expected - {entry.id for entry in entries})),
        untold=tuple(sorted({entry.id for entry in entries if entry.kind == "usage"} - expected)),
        settled=settled,
    )


def all_entries(books: Books, user_id: str) -> Iterator[Entry]:
    """A user's whole ledger, newest first."""
    after: str | None = None
    while True:
        page, after = books.entries(user_id, _FIRST_ID, _LAST_ID, limit=_PAGE, after=after)
        yield from page
        if after is None:
            return


def is_priced_right(entry: Entry, prices: Prices) -> bool:
    """Whether a usage entry comes to its usage at its price version, up to its hold; other kinds always do."""
    if entry.usage is None:
        return True
    price = prices.of(entry.usage["model"], entry.usage["provider"], entry.usage["priceVersion"])
    if price is None:
        return False
    cost = cost_of(Usage.from_json(entry.usage), price)
    loss = -_posted(entry, PLATFORM_LOSS)
    return bool(cost == entry.usage["chargedNanoUsd"] + loss)


def table_of(findings: Iterable[Finding]) -> str:
    """Findings as a table to read: a line an account, then the sums."""
    rows = list(findings)
    lines = [
        f"{'user':<24} {'entries':>8} {'total USD':>16} {'drift':>12} {'orphans':>8} {'loss USD':>14}  what"
    ]
    lines += [
        f"{row.user_id:<24} {row.entries:>8} {to_usd(row.total_nano_usd):>16} {row.drift_nano_usd:>12} "
        f"{row.orphan_holds:>8} {to_usd(row.loss_nano_usd):>14}  {_remark(row)}"
        for row in rows
    ]
    drift = sum(abs(row.drift_nano_usd) for row in rows)
    lines.append(
        f"{len(rows)} accounts, {sum(row.entries for row in rows)} entries, drift {drift} nano-USD, "
        f"{sum(row.orphan_holds for row in rows)} orphan holds, "
        f"loss {to_usd(sum(row.loss_nano_usd for row in rows))} USD"
    )
    return "\n".join(lines)


def _remark(row: Finding) -> str:
    if not row.settled:
        return "busy, not judged"
    remarks = [
        "DRIFT" if row.drift_nano_usd else "",
        f"{len(row.mispriced)} mispriced" if row.mispriced else "",
        f"{len(row.unbooked)} events without entry" if row.unbooked else "",
        f"{len(row.untold)} entries without event" if row.untold else "",
    ]
    return ", ".join(each for each in remarks if each) or "ok"


def _posted(entry: Entry, account: str) -> NanoUsd:
    return sum(posting.amount_nano_usd for posting in entry.postings if posting.account == account)
