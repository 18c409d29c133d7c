"""Book: credits, debits, refunds and adjustments that an operator posts. Pure rules and one use case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import uniform
from typing import Protocol

from aggregator.billing.entry import ADJUSTMENTS, CASH, REVENUE, Entry, Kind, Posting, wallet_of
from aggregator.billing.grants import Purse, PurseChange
from aggregator.billing.model import Account, Held
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.billing.refund import Refund, refund_of
from aggregator.billing.store import NOTHING_SWEPT, Booked, Stale
from aggregator.errors import (
    Conflict,
    IdempotencyMismatch,
    InsufficientQuota,
    InvalidRequest,
    NotFound,
    StoreUnavailable,
)
from aggregator.runtime.aws import TRANSACTION_CANCELED, AwsError

_TRIES = 8


class Books(Protocol):
    """What booking needs of the billing store."""

    def book(
        self,
        entry: Entry,
        *,
        idempotency: tuple[str, str] | None = None,
        now_epoch_seconds: int = 0,
        refundable_nano_usd: NanoUsd | None = None,
        swept: Mapping[str, Held] = NOTHING_SWEPT,
        grants_version: int | None = None,
    ) -> None:
        """See `BillingStore.book`."""
        ...

    def booked_for(self, user_id: str, idempotency_key: str, now_epoch_seconds: int) -> Booked | None:
        """See `BillingStore.booked_for`."""
        ...

    def entry(self, user_id: str, entry_id: str) -> Entry | None:
        """See `BillingStore.entry`."""
        ...

    def refund(
        self,
        entry: Entry,
        change: PurseChange,
        amount_nano_usd: NanoUsd,
        *,
        idempotency: tuple[str, str] | None = None,
        now_epoch_seconds: int = 0,
    ) -> None:
        """See `GrantStore.refund`."""
        ...

    def refunded(self, user_id: str, entry_id: str) -> NanoUsd:
        """See `GrantStore.refunded`."""
        ...

    def purse(self, account: Account) -> Purse:
        """See `GrantStore.purse`."""
        ...

    def grant_ends_at(self, user_id: str, grant_id: str) -> str:
        """See `GrantStore.grant_ends_at`."""
        ...

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...

    def sweep(self, user_id: str, lapsed: Mapping[str, Held]) -> bool:
        """See `BillingStore.sweep`."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator wants booked. `amount_nano_usd` is positive, but for an adjustment, which may be either."""

    id: str
    user_id: str
    kind: Kind
    amount_nano_usd: NanoUsd
    occurred_at: str
    description: str | None = None
    refers_to: str | None = None
    idempotency_key: str | None = None
    body_hash: str = ""


_COUNTERPART = {"credit": CASH, "debit": CASH, "refund": REVENUE, "adjustment": ADJUSTMENTS}


def entry_of(order: Order, refunded: Entry | None = None) -> Entry:
    """The double entry of an order: what the wallet gains, its counterpart gives.

    A refund comes from where the refunded money went: cash for a debit, adjustments for an adjustment, revenue for a
    charge.
    """
    effect = -order.amount_nano_usd if order.kind == "debit" else order.amount_nano_usd
    counterpart = _COUNTERPART[order.kind]
    if refunded is not None:
        counterpart = next(each.account for each in refunded.postings if each.amount_nano_usd > 0)
    return Entry(
        id=order.id,
        user_id=order.user_id,
        kind=order.kind,
        occurred_at=order.occurred_at,
        postings=(Posting(wallet_of(order.user_id), effect), Posting(counterpart, -effect)),
        description=order.description,
        refers_to=order.refers_to,
    )


def book(books: Books, order: Order, *, now_epoch_seconds: int, sleep: Callable[[float], None]) -> Entry:
    """Post an order, once for each Idempotency-Key: the same key and body gives the entry it led to before.

    What has lapsed is the user's, so a debit that is short takes it along. A debit, or an adjustment down, takes paid
    credit: what was granted is to be spent, and is not paid out.

    Raises:
        InsufficientQuota: a debit, or an adjustment down, is more than what the user can spend.
        IdempotencyMismatch: the key was used with another body.
        InvalidRequest: the refund is more than what is left of the entry it names, or of credit that expired.
        NotFound: the refund names an entry that is not there.
        StoreUnavailable: the money is there, but at each try the account changed.
        All of them leave the ledger as it was.
    """
    before = _booked_before(books, order, now_epoch_seconds)
    if before is not None:
        return before
    refunded = _refunded(books, order)
    if refunded is not None and refunded.paid_by_grants:
        return _refund(books, order, refunded, now_epoch_seconds, sleep)
    entry = entry_of(order, refunded)
    swept: Mapping[str, Held] = NOTHING_SWEPT
    grants_version: int | None = None
    for attempt in range(_TRIES):
        try:
            books.book(
                entry,
                idempotency=(order.idempotency_key, order.body_hash) if order.idempotency_key else None,
                now_epoch_seconds=now_epoch_seconds,
                refundable_nano_usd=None if refunded is None else -refunded.amount_nano_usd,
                swept=swept,
                grants_version=grants_version,
            )
        except Stale:
            before = _booked_before(books, order, now_epoch_seconds)
            if before is not None:
                return before
            tried = (swept, grants_version)
            swept, grants_version = _to_sweep(books, entry, now_epoch_seconds)
            if not tried[0] and tried == (swept, grants_version):
                raise _refusal(order) from None
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED or attempt == _TRIES - 1:
                raise
            sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
        else:
            return entry
    raise StoreUnavailable("The account is busy; try again in a moment.", retry_after_seconds=1)


def _refund(
    books: Books, order: Order, refunded: Entry, now_epoch_seconds: int, sleep: Callable[[float], None]
) -> Entry:
    """Give back what grants paid, or paid in part: see `refund_of`."""
    ends = {each: books.grant_ends_at(order.user_id, each) for each in refunded.paid_by_grants}
    for attempt in range(_TRIES):
        account = books.account(order.user_id)
        before = books.refunded(order.user_id, refunded.id)
        if order.amount_nano_usd > -refunded.amount_nano_usd - before:
            raise _refusal(order)
        refund = Refund(order.id, order.amount_nano_usd, order.occurred_at, order.description)
        entry, change = refund_of(refund, refunded, before, books.purse(account), ends)
        try:
            books.refund(
                entry,
                change,
                order.amount_nano_usd,
                idempotency=(order.idempotency_key, order.body_hash) if order.idempotency_key else None,
                now_epoch_seconds=now_epoch_seconds,
            )
        except Stale:
            known = _booked_before(books, order, now_epoch_seconds)
            if known is not None:
                return known
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED or attempt == _TRIES - 1:
                raise
            sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
        else:
            return entry
    raise StoreUnavailable("The account is busy; try again in a moment.", retry_after_seconds=1)


def _booked_before(books: Books, order: Order, now_epoch_seconds: int) -> Entry | None:
    """What the order's Idempotency-Key led to, if it has one that was used."""
    if order.idempotency_key is None:
        return None
    booked = books.booked_for(order.user_id, order.idempotency_key, now_epoch_seconds)
    if booked is None:
        return None
    if booked.body_hash != order.body_hash:
        raise IdempotencyMismatch("This Idempotency-Key was used with another body.", param="Idempotency-Key")
    return books.entry(order.user_id, booked.entry_id)


def _refunded(books: Books, order: Order) -> Entry | None:
    if order.kind != "refund" or order.refers_to is None:
        return None
    refunded = books.entry(order.user_id, order.refers_to)
    if refunded is None:
        raise NotFound(f"There is no entry '{order.refers_to}' in this ledger.", param="refersTo")
    if refunded.kind == "expiry":
        raise InvalidRequest(
            "refersTo: credit that expired is not given back; give a grant.", param="refersTo"
        )
    taken = -refunded.amount_nano_usd
    if order.amount_nano_usd > taken:
        raise InvalidRequest(
            f"amount: must not be over {to_usd(max(taken, 0))}, which that entry took.", param="amount"
        )
    return refunded


def _to_sweep(books: Books, entry: Entry, now_epoch_seconds: int) -> tuple[Mapping[str, Held], int | None]:
    """Lapsed buckets that this entry needs, if any; what one write cannot name beside the rest is swept at once.

    Beside them the version of the account at which that was so, where it has grants.

    Raises:
        InsufficientQuota: the user has less paid credit than the entry takes, what has lapsed included.
    """
    needed = -entry.amount_nano_usd
    if needed <= 0:
        return NOTHING_SWEPT, None
    while True:
        account = books.account(entry.user_id)
        version = account.grants_version if account.granted_nano_usd else None
        spendable = min(account.spendable(now_epoch_seconds), account.paid_nano_usd)
        if needed > spendable:
            granted = f", and {to_usd(account.granted_nano_usd)} USD of grants" if version else ""
            raise InsufficientQuota(
                f"This takes {to_usd(needed)} USD, and {to_usd(spendable)} USD are available{granted}.",
                param="amount",
            )
        if needed <= account.available_nano_usd:
            return NOTHING_SWEPT, version
        swept = account.to_sweep(now_epoch_seconds)
        if account.available_nano_usd + sum(held.amount_nano_usd for held in swept.values()) >= needed:
            return swept, version
        books.sweep(entry.user_id, swept)


def _refusal(order: Order) -> InvalidRequest | Conflict:
    """What a refused booking met that was not short of money."""
    if order.refers_to is not None:
        return InvalidRequest("amount: more than what is left to refund of that entry.", param="amount")
    return Conflict("The account changed at the same moment; post it again.")
