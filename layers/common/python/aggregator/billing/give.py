"""Give credit that ends: one grant, with its entry in the ledger, once however often it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from random import uniform
from typing import Protocol

from aggregator.billing.entry import Entry, Posting
from aggregator.billing.grant_writes import Given
from aggregator.billing.grants import MOST_GRANTS, PROMOTION, Grant, Purse, PurseChange
from aggregator.billing.model import Account
from aggregator.billing.money import NanoUsd
from aggregator.billing.store import Booked, Stale
from aggregator.errors import Conflict, IdempotencyMismatch, JsonObject, StoreUnavailable
from aggregator.runtime.aws import TRANSACTION_CANCELED, AwsError

_TRIES = 8


class DependsOnOther(Exception):
    """What a grant depends on refused it; nothing was written."""


class Ledger(Protocol):
    """What giving needs of the billing table."""

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...

    def purse(self, account: Account) -> Purse:
        """See `GrantStore.purse`."""
        ...

    def booked_for(self, user_id: str, idempotency_key: str, now_epoch_seconds: int) -> Booked | None:
        """See `BillingStore.booked_for`."""
        ...

    def given_under(self, user_id: str, key: str) -> str | None:
        """See `GrantStore.given_under`."""
        ...

    def given(self, user_id: str, grant_id: str) -> Given | None:
        """See `GrantStore.given`."""
        ...

    def give(
        self,
        entry: Entry,
        given: Given,
        change: PurseChange,
        *,
        key: str | None = None,
        idempotency: tuple[str, str] | None = None,
        now_epoch_seconds: int = 0,
        beside: JsonObject | None = None,
    ) -> None:
        """See `GrantStore.give`."""
        ...


@dataclass(frozen=True, slots=True)
class GrantOrder:
    """A grant that is to be given. `id` begins with its time, as all ids of entries do; `user_id` may be a team.

    With `key`, a name of its giver's, an account gets one grant under it, ever. An Idempotency-Key holds for 24 hours.
    `beside` is one more write that the grant depends on.
    """

    id: str
    user_id: str
    amount_nano_usd: NanoUsd
    ends_at: str
    given_at: str
    reason: str | None = None
    key: str | None = None
    code_id: str | None = None
    idempotency_key: str | None = None
    body_hash: str = ""
    beside: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """A grant that was given; `is_new` where this call did it."""

    given: Given
    is_new: bool


def give(
    ledger: Ledger, order: GrantOrder, *, now_epoch_seconds: int, sleep: Callable[[float], None]
) -> Gift:
    """Give a grant once for each key and each Idempotency-Key: asked again, it is the one that was given before.

    Raises:
        IdempotencyMismatch: the Idempotency-Key was used with another body.
        Conflict: the account has as many grants with something left as it may.
        DependsOnOther: the write beside it refused it.
        StoreUnavailable: at each try the account changed.
        All of them leave the ledger as it was.
    """
    seen: Account | None = None
    for attempt in range(_TRIES):
        before = _given_before(ledger, order, now_epoch_seconds)
        if before is not None:
            return Gift(before, is_new=False)
        account = ledger.account(order.user_id)
        if seen is not None and seen.grants_version == account.grants_version:
            raise DependsOnOther
        purse = ledger.purse(account)
        if len(purse.grants) >= MOST_GRANTS:
            raise Conflict(
                f"This account has {MOST_GRANTS} grants that are not used up; it gets no more of them."
            )
        entry, given, change = _planned(order, purse)
        try:
            ledger.give(
                entry,
                given,
                change,
                key=order.key,
                idempotency=(order.idempotency_key, order.body_hash) if order.idempotency_key else None,
                now_epoch_seconds=now_epoch_seconds,
                beside=order.beside,
            )
        except Stale:
            seen = account
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED or attempt == _TRIES - 1:
                raise
            sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
        else:
            return Gift(given, is_new=True)
    raise StoreUnavailable("The account is busy; try again in a moment.", retry_after_seconds=1)


def _given_before(ledger: Ledger, order: GrantOrder, now_epoch_seconds: int) -> Given | None:
    if order.key is not None and (grant_id := ledger.given_under(order.user_id, order.key)) is not None:
        return ledger.given(order.user_id, grant_id)
    if order.idempotency_key is None:
        return None
    booked = ledger.booked_for(order.user_id, order.idempotency_key, now_epoch_seconds)
    if booked is None:
        return None
    if booked.body_hash != order.body_hash:
        raise IdempotencyMismatch("This Idempotency-Key was used with another body.", param="Idempotency-Key")
    return ledger.given(order.user_id, booked.entry_id)


def _planned(order: GrantOrder, purse: Purse) -> tuple[Entry, Given, PurseChange]:
    grant = Grant(order.id, order.amount_nano_usd, order.ends_at)
    entry = Entry(
        id=order.id,
        user_id=order.user_id,
        kind="grant",
        occurred_at=order.given_at,
        postings=(Posting(grant.account, order.amount_nano_usd), Posting(PROMOTION, -order.amount_nano_usd)),
        description=order.reason,
    )
    given = Given(
        order.id,
        order.user_id,
        order.amount_nano_usd,
        order.ends_at,
        order.given_at,
        order.reason,
        order.code_id,
    )
    return entry, given, PurseChange(purse, purse.plus(grant).grants)
