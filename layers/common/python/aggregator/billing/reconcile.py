"""Reconcile: recompute an account from its entries, say what does not fit, and close the books over what does.

An account counts its own ledger by the day, in the writes that move its money. So a day that is over is checked
exactly, whatever goes on meanwhile; the day that runs is checked where nobody wrote while it was read. What fits is
closed, and the next examination reads from there on. What does not fit is read again, all of it: an entry that was
settled days late lies below the line, and is no drift. Only what is found twice is told.

What is held past its deadline is an orphan: a request whose usage never arrived; the money is the user's, and the count
is the operator's to look into.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from aggregator.billing.books import Closing
from aggregator.billing.books_store import Page
from aggregator.billing.entry import Entry
from aggregator.billing.examination import Examination
from aggregator.billing.grants import Purse
from aggregator.billing.model import Account, Posted
from aggregator.billing.money import NanoUsd
from aggregator.billing.repricing import Prices
from aggregator.runtime.clock import iso

MOST_NAMED = 20
"""Entries that a finding names; how many there are stands beside them."""

_TRIES = 3
_READ_AGAIN_ENTRIES = 5000
"""A ledger that is longer is not read again only because somebody wrote meanwhile: tomorrow its day is over."""


class Books(Protocol):
    """What reconciling needs of the billing table."""

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...

    def purse(self, account: Account) -> Purse:
        """See `GrantStore.purse`."""
        ...

    def page(self, user_id: str, first_id: str, after: str | None) -> Page:
        """See `BooksStore.page`."""
        ...

    def closing(self, user_id: str, day: str) -> Closing | None:
        """See `BooksStore.closing`."""
        ...

    def close(self, closing: Closing, account: Account) -> bool:
        """See `BooksStore.close`."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What one account comes to. Amounts are nano-US-dollars.

    `misfits` says in words what does not fit; `drift_nano_usd` is what the account has beyond its postings. `mispriced`
    names the first of `mispriced_entries` entries that do not come to their usage at their price version. `settled` is
    False where somebody wrote all the while, so that the day that runs could not be judged; it will be when it is over.
    `entries` is how many were read.
    """

    user_id: str
    entries: int
    total_nano_usd: NanoUsd
    drift_nano_usd: NanoUsd
    orphan_holds: int
    orphaned_nano_usd: NanoUsd
    loss_nano_usd: NanoUsd
    misfits: tuple[str, ...] = ()
    mispriced: tuple[str, ...] = ()
    mispriced_entries: int = 0
    settled: bool = True

    @property
    def is_sound(self) -> bool:
        """Whether nothing needs a person."""
        return not (self.misfits or self.mispriced)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to examine: with which prices, for how long, naming how many entries, closing the books or not.

    `has_time` is asked before each page; `seen` is told every entry.
    """

    now_epoch_seconds: float
    prices: Prices | None = None
    has_time: Callable[[], bool] = lambda: True
    seen: Callable[[Entry], None] = lambda _: None
    most_named: int = MOST_NAMED
    closes: bool = False


def begin(
    books: Books, user_id: str, how: Reading, *, whole: bool, tries: int = 0, suspected: tuple[str, ...] = ()
) -> Examination:
    """Read the account and then its last checkpoint, which stands before the account names it."""
    account = books.account(user_id)
    checkpoint = books.closing(user_id, account.closed_on) if account.closed_on is not None else None
    return Examination.of(
        account, checkpoint, how.now_epoch_seconds, whole=whole, tries=tries, suspected=suspected
    )


def examine(books: Books, examination: Examination, how: Reading) -> Finding | Examination:
    """Examine an account to the end, or as far as there is time: then the examination is to be gone on with."""
    user_id = examination.account.user_id
    while True:
        if not _read(books, examination, how):
            return examination
        misfits, drift, settled = _verdict(books, examination)
        is_news = bool(misfits) and misfits != examination.suspected
        is_short = examination.entries <= _READ_AGAIN_ENTRIES
        if examination.tries >= _TRIES - 1 or not (is_news or (not settled and is_short)):
            break
        examination = begin(
            books,
            user_id,
            how,
            whole=examination.whole or bool(misfits),
            tries=examination.tries + 1,
            suspected=misfits,
        )
    if how.closes and not misfits and not _close(books, examination, how.now_epoch_seconds):
        misfits = ("the books were closed otherwise",)
    return _finding(examination, misfits, drift, how.now_epoch_seconds, settled=settled)


def all_entries(books: Books, user_id: str) -> Iterator[Entry]:
    """A user's whole ledger, oldest first."""
    after: str | None = None
    while True:
        page = books.page(user_id, "", after)
        yield from (entry for entry, _ in page.entries)
        after = page.after
        if after is None:
            return


def _read(books: Books, examination: Examination, how: Reading) -> bool:
    """Read on; whether the end was reached."""
    while not examination.is_read:
        if not how.has_time():
            return False
        page = books.page(examination.account.user_id, examination.first_id, examination.after)
        for entry, fingerprint in page.entries:
            examination.take(entry, fingerprint, how.prices, how.most_named)
            how.seen(entry)
        examination.after = page.after
        examination.is_read = page.after is None
    return True


def _verdict(books: Books, of: Examination) -> tuple[tuple[str, ...], NanoUsd, bool]:
    """What does not fit, what it comes to, and whether the days that run could be judged."""
    account = of.account
    misfits: list[str] = []
    closed = account.closed_nano_usd if account.closed_on is not None else of.closed.amount_nano_usd
    counted = closed + sum(posted.amount_nano_usd for posted in account.days.values())
    drift = account.total_nano_usd - counted
    if drift:
        misfits.append(f"the account has {drift:+d} nano-USD beside what it counted")
    running = sorted(set(account.days) - set(of.over()))
    now = books.account(account.user_id).days if running else {}
    quiet = [day for day in running if now.get(day) == account.days[day]]
    for day in [*of.over(), *quiet]:
        found, written = of.days[day].posted, account.days[day]
        if found != written:
            misfits.append(f"{day}: {_in_words(found)} found, {_in_words(written)} written")
            drift += written.amount_nano_usd - found.amount_nano_usd
    if of.stray.entries:
        misfits.append(f"{_in_words(of.stray.posted)} found that the account never counted")
        drift -= of.stray.amount_nano_usd
    misfits += _grants_misfit(books, of, quiet=len(quiet) == len(running))
    misfit, more = _closed_misfit(of)
    misfits += misfit
    return tuple(misfits), drift + more, len(quiet) == len(running)


def _grants_misfit(books: Books, of: Examination, *, quiet: bool) -> list[str]:
    """Whether what is left of grants is what the account says; of a ledger that was read whole, what its legs say, too.

    Nothing is said of grants that changed while they were read.
    """
    account = of.account
    left = books.purse(account).total_nano_usd if account.granted_nano_usd else 0
    misfits = []
    if left != account.granted_nano_usd:
        if books.account(account.user_id).grants_version != account.grants_version:
            return []
        misfits.append(f"{left} nano-USD are left of grants, and the account says {account.granted_nano_usd}")
    if of.whole and quiet and of.granted_nano_usd != account.granted_nano_usd:
        misfits.append(
            f"the legs of grants come to {of.granted_nano_usd}, and {left} nano-USD are left of them"
        )
    return misfits


def _closed_misfit(of: Examination) -> tuple[list[str], NanoUsd]:
    account, checkpoint = of.account, of.checkpoint
    if account.closed_on is None:
        return [], 0
    if checkpoint is None or checkpoint.tally.amount_nano_usd != account.closed_nano_usd:
        return [f"the checkpoint of {account.closed_on} is not there or not as it was written"], 0
    if not of.whole or of.closed == checkpoint.tally:
        return [], 0
    found, written = of.closed.posted, checkpoint.tally.posted
    what = (
        f"{_in_words(found)} found, {_in_words(written)} closed" if found != written else "contents changed"
    )
    return [f"closed books up to {checkpoint.day}: {what}"], written.amount_nano_usd - found.amount_nano_usd


def _close(books: Books, of: Examination, now_epoch_seconds: float) -> bool:
    """Close the days that are over, if there are any; whether the checkpoint stands."""
    over = of.over()
    opens = of.account.closed_on is None and of.closed.entries > 0
    if not over and not opens:
        return True
    before = of.checkpoint
    tally = before.tally if before else of.closed
    for day in over:
        tally = tally + of.days[day]
    yesterday = (date.fromisoformat(of.open_from) - timedelta(days=1)).isoformat()
    closing = Closing(
        of.account.user_id,
        over[-1] if over else yesterday,
        tally,
        max(of.last_id, before.last_id if before else ""),
        before.seal if before else "",
        closed_at=iso(datetime.fromtimestamp(now_epoch_seconds, UTC)),
    )
    return books.close(closing, of.account)


def _finding(
    of: Examination, misfits: tuple[str, ...], drift: NanoUsd, now_epoch_seconds: float, *, settled: bool
) -> Finding:
    lapsed = of.account.lapsed(now_epoch_seconds).values()
    return Finding(
        user_id=of.account.user_id,
        entries=of.entries,
        total_nano_usd=of.account.total_nano_usd,
        drift_nano_usd=drift,
        orphan_holds=sum(held.requests for held in lapsed),
        orphaned_nano_usd=sum(held.amount_nano_usd for held in lapsed),
        loss_nano_usd=of.loss_nano_usd,
        misfits=misfits,
        mispriced=tuple(of.mispriced),
        mispriced_entries=of.mispriced_entries,
        settled=settled,
    )


def _in_words(posted: Posted) -> str:
    return f"{posted.entries} entries of {posted.amount_nano_usd:+d}"
