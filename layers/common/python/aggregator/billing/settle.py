"""Settle: what requests cost leaves their holds, what is left over returns, and each gets its ledger entry."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import uniform
from typing import Protocol

from aggregator.billing.entry import Settlement, UsageEnd, settlement_of
from aggregator.billing.grants import Purse
from aggregator.billing.model import MOST_BUCKETS, Account, Held, fullest
from aggregator.billing.money import NanoUsd
from aggregator.billing.store import Stale
from aggregator.runtime.aws import TRANSACTION_CANCELED, AwsError

MOST_PER_TRANSACTION = 99
"""A transaction takes 100 items; one is the account."""

MOST_WITH_GRANTS = 70
"""Requests of one transaction that has the account's grants beside them: one item, and one for each that expires."""

_TRIES = 8
_FIRST_PAUSE_SECONDS = 0.05


class Ledger(Protocol):
    """What settling needs of the billing store."""

    def settle(self, settlement: Settlement) -> None:
        """See `BillingStore.settle`."""
        ...

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...

    def purse(self, account: Account) -> Purse:
        """See `GrantStore.purse`."""
        ...

    def booked_entries(self, user_id: str, entry_ids: Sequence[str]) -> set[str]:
        """See `BillingStore.booked_entries`."""
        ...

    def sweep(self, user_id: str, lapsed: dict[str, Held]) -> bool:
        """See `BillingStore.sweep`."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling did: entries written, events that had one already, late ones, and the platform's loss."""

    entries: int = 0
    repeated: int = 0
    late: int = 0
    loss_nano_usd: NanoUsd = 0

    def __add__(self, other: "Settled") -> "Settled":
        return Settled(
            self.entries + other.entries,
            self.repeated + other.repeated,
            self.late + other.late,
            self.loss_nano_usd + other.loss_nano_usd,
        )


def by_account(ends: Iterable[UsageEnd]) -> dict[str, list[UsageEnd]]:
    """Group requests by account, dropping repetitions within the batch."""
    grouped: dict[str, dict[str, UsageEnd]] = {}
    for end in ends:
        grouped.setdefault(end.user_id, {}).setdefault(end.request_id, end)
    return {user_id: list(each.values()) for user_id, each in grouped.items()}


def settle_account(
    ledger: Ledger,
    ends: Sequence[UsageEnd],
    sleep: Callable[[float], None],
    now_epoch_seconds: float = 0,
) -> Settled:
    """Settle one account's requests, each exactly once, however often and in whatever order they arrive.

    What has lapsed at `now_epoch_seconds` pays for late usage too; at 0 nothing has.

    The first try trusts the events: every hold is there, no entry is, and there are no grants. The store's conditions
    refuse it whole if not; then the account, its grants and the entries are read, and the plan is made again from what
    is so.

    Raises:
        AwsError: the table refused to the end; nothing of the current transaction was written, and
            settling the same events again is safe.
    """
    done = Settled()
    for part in _parts(ends):
        done += _settle_part(ledger, part, sleep, now_epoch_seconds)
    return done


def sweep_over(ledger: Ledger, user_id: str, now_epoch_seconds: float) -> int:
    """Take away buckets that are over, so that an account stays small: a write costs by the kilobyte.

    What was still held in them is the user's again. Returns how many requests that was for: their usage never came.
    Where they are more than one write names, the rest is for the next time.
    """
    over = fullest(ledger.account(user_id).over(now_epoch_seconds))
    if not over or not ledger.sweep(user_id, over):
        return 0
    return sum(held.requests for held in over.values())


def _parts(ends: Sequence[UsageEnd]) -> Iterator[list[UsageEnd]]:
    """Runs of requests that fit one transaction."""
    part: list[UsageEnd] = []
    for end in ends:
        buckets = {each.bucket for each in part} | {end.bucket}
        if len(part) == MOST_PER_TRANSACTION or len(buckets) > MOST_BUCKETS:
            yield part
            part = []
        part.append(end)
    if part:
        yield part


def _settle_part(
    ledger: Ledger, ends: list[UsageEnd], sleep: Callable[[float], None], now_epoch_seconds: float
) -> Settled:
    user_id = ends[0].user_id
    account: Account | None = None
    purse: Purse | None = None
    repeated = 0
    for attempt in range(_TRIES):
        plan = settlement_of(ends, account, now_epoch_seconds, purse)
        try:
            ledger.settle(plan)
        except Stale:
            booked = ledger.booked_entries(user_id, [end.request_id for end in ends])
            repeated += len(booked)
            ends = [end for end in ends if end.request_id not in booked]
            if not ends:
                return Settled(repeated=repeated)
            account = _readable(ledger, ends, now_epoch_seconds)
            purse = ledger.purse(account) if account.granted_nano_usd else None
            if purse is not None and len(ends) > MOST_WITH_GRANTS:
                first, rest = ends[:MOST_WITH_GRANTS], ends[MOST_WITH_GRANTS:]
                done = _settle_part(ledger, first, sleep, now_epoch_seconds)
                return (
                    Settled(repeated=repeated) + done + _settle_part(ledger, rest, sleep, now_epoch_seconds)
                )
        except AwsError as refused:
            if not _is_passing(refused) or attempt == _TRIES - 1:
                raise
            sleep(uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - jitter, no secret
        else:
            return Settled(len(ends), repeated, plan.late, plan.loss_nano_usd)
    raise AwsError("TransactionConflictException", "the account kept changing")


def _readable(ledger: Ledger, ends: Sequence[UsageEnd], now_epoch_seconds: float) -> Account:
    """The account as it is; lapsed buckets beyond what a transaction can name are swept before, the fullest first."""
    ours = {end.bucket for end in ends}
    while True:
        account = ledger.account(ends[0].user_id)
        lapsed = {
            bucket: held
            for bucket, held in account.lapsed(now_epoch_seconds).items()
            if held.amount_nano_usd and bucket not in ours
        }
        if len(lapsed) + len(ours) <= MOST_BUCKETS:
            return account
        ledger.sweep(account.user_id, lapsed)


def _is_passing(refused: AwsError) -> bool:
    """Whether the same transaction may pass a moment later, though a collision cancelled it now.

    All else that passes, the client has repeated already: once more here, and a throttled table would outlast the
    function's time limit, to the harm of the batch's other accounts.
    """
    codes = {reason.get("Code") for reason in refused.reasons}
    return refused.code == TRANSACTION_CANCELED and codes <= {
        "None",
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    }
