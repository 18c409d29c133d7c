"""Money that moved outside: it came in, was given back, or was disputed. It has happened, so the ledger takes it.

What the wallet lacks of money that went out is the platform's loss, in an entry of three legs: no wallet goes below
zero, and the entry says what it fell short by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import uniform
from typing import Protocol

from aggregator.billing.entry import CASH, PLATFORM_LOSS, Entry, Posting, wallet_of
from aggregator.billing.model import Account, Held
from aggregator.billing.money import NanoUsd
from aggregator.billing.store import NOTHING_SWEPT, Stale
from aggregator.errors import StoreUnavailable
from aggregator.runtime.aws import TRANSACTION_CANCELED, AwsError

_TRIES = 8


class Books(Protocol):
    """What booking needs of the ledger."""

    def entry(self, user_id: str, entry_id: str) -> Entry | None:
        """See `BillingStore.entry`."""
        ...

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...

    def sweep(self, user_id: str, lapsed: Mapping[str, Held]) -> bool:
        """See `BillingStore.sweep`."""
        ...

    def book(
        self,
        entry: Entry,
        *,
        swept: Mapping[str, Held] = NOTHING_SWEPT,
        grants_version: int | None = None,
    ) -> None:
        """See `BillingStore.book`."""
        ...


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came in (above zero) or went out. `id` is the entry's: the same movement has the same, for ever.

    With `is_platforms` it is the platform's own cost, or comes back to it: the user's wallet is left as it is.
    """

    id: str
    user_id: str
    amount_nano_usd: NanoUsd
    occurred_at: str
    description: str
    is_platforms: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """What a movement is in the ledger; `is_new` where this call wrote it. `short_nano_usd` is the platform's loss."""

    entry: Entry
    is_new: bool

    @property
    def short_nano_usd(self) -> NanoUsd:
        """What the wallet did not have of it."""
        return -sum(leg.amount_nano_usd for leg in self.entry.postings if leg.account == PLATFORM_LOSS)


def book_movement(
    books: Books, movement: Movement, *, now_epoch_seconds: int, sleep: Callable[[float], None]
) -> Moved:
    """Book a movement once, however often it is told: its entry is there already, or is written now.

    Raises:
        StoreUnavailable: at each try the account changed; nothing was written, and it may be told again.
    """
    for attempt in range(_TRIES):
        known = books.entry(movement.user_id, movement.id)
        if known is not None:
            return Moved(known, is_new=False)
        planned = _plan(books, movement, now_epoch_seconds)
        if planned is None:
            continue
        entry, swept, version = planned
        try:
            books.book(entry, swept=swept, grants_version=version)
        except Stale:
            continue
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED:
                raise
            sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
        else:
            return Moved(entry, is_new=True)
    raise StoreUnavailable("The account is busy; try again in a moment.", retry_after_seconds=1)


def _plan(
    books: Books, movement: Movement, now_epoch_seconds: int
) -> tuple[Entry, Mapping[str, Held], int | None] | None:
    """The entry, the lapsed buckets that it spends, and the version of the account's grants, where it has any.

    None where some buckets had to be swept first. What goes out is paid credit: nobody paid for a grant.
    """
    if movement.is_platforms:
        return _entry(movement, 0), NOTHING_SWEPT, None
    if movement.amount_nano_usd > 0:
        return _entry(movement, movement.amount_nano_usd), NOTHING_SWEPT, None
    account = books.account(movement.user_id)
    version = account.grants_version if account.granted_nano_usd else None
    taken = min(-movement.amount_nano_usd, account.spendable(now_epoch_seconds), account.paid_nano_usd)
    if taken <= account.available_nano_usd:
        return _entry(movement, -taken), NOTHING_SWEPT, version
    swept = account.to_sweep(now_epoch_seconds)
    if account.available_nano_usd + sum(held.amount_nano_usd for held in swept.values()) < taken:
        books.sweep(movement.user_id, swept)
        return None
    return _entry(movement, -taken), swept, version


def _entry(movement: Movement, effect: NanoUsd) -> Entry:
    legs = [
        Posting(wallet_of(movement.user_id), effect),
        Posting(PLATFORM_LOSS, movement.amount_nano_usd - effect),
        Posting(CASH, -movement.amount_nano_usd),
    ]
    return Entry(
        id=movement.id,
        user_id=movement.user_id,
        kind="credit" if movement.amount_nano_usd > 0 else "debit",
        occurred_at=movement.occurred_at,
        postings=tuple(leg for leg in legs if leg.account != PLATFORM_LOSS or leg.amount_nano_usd),
        description=movement.description,
    )
