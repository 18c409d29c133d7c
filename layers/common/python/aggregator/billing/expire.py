"""See grants off that have ended: what is left of them, and nobody holds, goes back to the platform's promotions.

A grant waits for its end in a list that is read by the clock. What requests hold that came before the end stays until
they are settled, give it back or lapse; so its grant stays in the list, and is looked at again with the next run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import uniform
from typing import Protocol

from aggregator.billing.entry import Entry, expiry_entry
from aggregator.billing.grant_store import Due
from aggregator.billing.grants import Purse, PurseChange, running, to_expire, without
from aggregator.billing.model import CLOCK_SKEW_SECONDS, Account, Held
from aggregator.billing.money import NanoUsd
from aggregator.billing.store import Stale
from aggregator.runtime.aws import TRANSACTION_CANCELED, AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import count, logger

_TRIES = 8


class Ledger(Protocol):
    """What expiring needs of the billing table."""

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...

    def sweep(self, user_id: str, lapsed: dict[str, Held]) -> bool:
        """See `BillingStore.sweep`."""
        ...

    def purse(self, account: Account) -> Purse:
        """See `GrantStore.purse`."""
        ...

    def expire(self, entry: Entry, change: PurseChange) -> None:
        """See `GrantStore.expire`."""
        ...


class DueList(Ledger, Protocol):
    """The same, and the list of grants that end."""

    def due(self, until: str) -> Iterator[Due]:
        """See `GrantStore.due`."""
        ...

    def see_off(self, due: Due) -> None:
        """See `GrantStore.see_off`."""
        ...


@dataclass(frozen=True, slots=True)
class Expired:
    """What expired of an account's grants, and the ids of those with something left."""

    amount_nano_usd: NanoUsd
    left: frozenset[str]


@dataclass(slots=True)
class Run:
    """What one run came to: grants looked at, money that expired, grants that are still held, accounts that failed."""

    grants: int = 0
    amount_nano_usd: NanoUsd = 0
    held: int = 0
    failed: int = 0


def expire_due(
    ledger: DueList,
    now_epoch_seconds: float,
    *,
    has_time: Callable[[], bool],
    sleep: Callable[[float], None],
) -> Run:
    """See off all grants that ended a minute ago or before; an account that cannot be changed now is left for later."""
    run = Run()
    seen: dict[str, frozenset[str]] = {}
    for due in ledger.due(iso(datetime.fromtimestamp(now_epoch_seconds - CLOCK_SKEW_SECONDS, UTC))):
        if not has_time():
            break
        run.grants += 1
        try:
            if due.user_id not in seen:
                expired = expire(ledger, due.user_id, now_epoch_seconds, sleep)
                run.amount_nano_usd += expired.amount_nano_usd
                seen[due.user_id] = expired.left
            if due.grant_id in seen[due.user_id]:
                run.held += 1
            else:
                ledger.see_off(due)
        except AwsError as refused:
            logger.error("Grants not seen off", code=refused.code, user_id=due.user_id)
            run.failed += 1
    count("CreditExpiredNanoUsd", run.amount_nano_usd)
    logger.info("grants seen off", grants=run.grants, held=run.held, failed=run.failed)
    return run


def expire(ledger: Ledger, user_id: str, now_epoch_seconds: float, sleep: Callable[[float], None]) -> Expired:
    """Take back what has ended of one account's grants; what is held, or is not available, stays.

    Raises:
        AwsError: the table refused to the end, or the account kept changing; what was written is whole.
    """
    for attempt in range(_TRIES):
        account = ledger.account(user_id)
        if not account.granted_nano_usd:
            return Expired(0, frozenset())
        purse = ledger.purse(account)
        holds = running(account, now_epoch_seconds, {})
        lapsed = account.lapsed(now_epoch_seconds)
        wanted = to_expire(purse.grants, holds, now_epoch_seconds, account.total_nano_usd)
        if lapsed and sum(wanted.values()) > account.available_nano_usd:
            ledger.sweep(user_id, lapsed)
            continue
        taken = to_expire(purse.grants, holds, now_epoch_seconds, account.available_nano_usd)
        change = PurseChange(purse, without(purse.grants, taken), taken)
        left = frozenset(grant.id for grant in change.after)
        if not taken:
            return Expired(0, left)
        try:
            ledger.expire(expiry_entry(user_id, change, now_epoch_seconds), change)
        except Stale:
            continue
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED or attempt == _TRIES - 1:
                raise
            sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
        else:
            return Expired(sum(taken.values()), left)
    raise AwsError("TransactionConflictException", "the account kept changing")
