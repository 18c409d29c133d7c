"""Entries of the ledger, and what settling requests comes to: values and pure rules. Standard library only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from aggregator.billing.cost import cost_of
from aggregator.billing.grants import GRANT, PROMOTION, Payer, Purse, PurseChange
from aggregator.billing.model import Account, Held, sum_of
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price, Usage
from aggregator.runtime.clock import iso

REVENUE = "revenue"
CASH = "cash"
ADJUSTMENTS = "adjustments"
PLATFORM_LOSS = "platform_loss"

Kind = Literal["usage", "credit", "debit", "refund", "adjustment", "grant", "expiry"]


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg of an entry: what it adds to an account."""

    account: str
    amount_nano_usd: NanoUsd


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact in the ledger; never changed. `id` sorts by time. Postings add up to zero.

    `usage` describes the request of a usage entry, in the published event's words. `written_on` is the UTC day on which
    the table took it, under which the account counts it; it is the store's, and None for an entry that is not stored.
    `trace` is X-Ray's header of the request, where X-Ray keeps that trace: it goes along to whoever hears of the entry.
    """

    id: str
    user_id: str
    kind: Kind
    occurred_at: str
    postings: tuple[Posting, ...]
    description: str | None = None
    refers_to: str | None = None
    usage: Mapping[str, Any] | None = None
    written_on: str | None = field(default=None, compare=False)
    trace: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Hold the rule of double entry."""
        if sum(posting.amount_nano_usd for posting in self.postings):
            raise ValueError(f"postings of entry {self.id} do not add up to zero")

    @property
    def amount_nano_usd(self) -> NanoUsd:
        """Effect on the user's wallet: on paid credit and on the grants within it."""
        wallet = wallet_of(self.user_id)
        return sum(
            posting.amount_nano_usd
            for posting in self.postings
            if posting.account == wallet or posting.account.startswith(GRANT)
        )

    @property
    def paid_by_grants(self) -> Mapping[str, NanoUsd]:
        """What each grant paid of it, by the grant's id."""
        return {
            posting.account.removeprefix(GRANT): -posting.amount_nano_usd
            for posting in self.postings
            if posting.account.startswith(GRANT) and posting.amount_nano_usd < 0
        }


@dataclass(frozen=True, slots=True)
class UsageEnd:
    """One request to settle: its hold, what it used, at which price, and its description for the entry."""

    request_id: str
    user_id: str
    occurred_at: str
    held_nano_usd: NanoUsd
    bucket: str
    usage: Usage
    price: Price
    details: Mapping[str, Any]
    trace: str | None = field(default=None, compare=False)

    @property
    def cost_nano_usd(self) -> NanoUsd:
        """What it costs, before anything caps it."""
        return cost_of(self.usage, self.price)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one batch does to one account, all of it or nothing.

    `released` is taken out of the buckets, `to_available_nano_usd` added to what is available, or, where late usage
    takes more than comes back, taken from it. `swept` is what lapsed buckets hold besides: it becomes available with
    the same write, for late usage to be paid from. `purse` is what it does to the account's grants; None is for an
    account that has none, which the write makes sure of. `late` and `loss_nano_usd` are what an operator must hear of.
    """

    user_id: str
    entries: tuple[Entry, ...]
    released: Mapping[str, Held]
    to_available_nano_usd: NanoUsd
    swept: Mapping[str, Held] = field(default_factory=dict)
    purse: PurseChange | None = None
    late: int = 0
    loss_nano_usd: NanoUsd = 0


def wallet_of(user_id: str) -> str:
    """Name of a user's account in postings."""
    return f"user:{user_id}"


def settlement_of(
    ends: Sequence[UsageEnd],
    account: Account | None = None,
    now_epoch_seconds: float = 0,
    purse: Purse | None = None,
) -> Settlement:
    """Plan the settling of one account's requests.

    Without `account`, every hold is taken to be still there (the store's condition checks it). With it, a request
    whose bucket no longer holds its money is late: it is debited from what the user can spend, which is what is
    available, what the others of the batch leave over and, where that is short, what has lapsed; the rest is the
    platform's loss. A cost above its hold is charged up to the hold; the rest, too, is the platform's loss. What held
    nothing costs its user nothing.

    With `purse`, the account's grants, each request is paid as `grants.py` says, the one that came first being the
    first. What neither paid credit nor a grant that still lived can pay is the platform's loss. What comes back while
    there are grants that have ended expires with the same write, so that nobody spends it.
    """
    payer = None
    if purse is not None and account is not None:
        ends = sorted(ends, key=lambda end: end.occurred_at)
        payer = Payer(purse, account.paid_nano_usd)
    released: dict[str, Held] = {}
    parts: dict[str, Mapping[str, NanoUsd]] = {}
    late: list[UsageEnd] = []
    back = 0
    for end in ends:
        if not end.held_nano_usd:  # it is in no bucket, and there is no time by which it must come
            parts[end.request_id] = {"": 0}
            continue
        taken = released.get(end.bucket, Held(0, 0))
        if account is not None and not _still_holds(account, end, taken):
            late.append(end)
            continue
        parts[end.request_id] = _paid(payer, end, min(end.cost_nano_usd, end.held_nano_usd))
        released[end.bucket] = Held(taken.amount_nano_usd + end.held_nano_usd, taken.requests + 1)
        back += end.held_nano_usd - sum(parts[end.request_id].values())
    swept: dict[str, Held] = {}
    spare = back + (account.available_nano_usd if account else 0)
    if account is not None and spare < sum(end.cost_nano_usd for end in late):
        swept = account.to_sweep(now_epoch_seconds, released)
        spare += sum_of(swept)
    for end in late:
        parts[end.request_id] = _paid(payer, end, min(end.cost_nano_usd, spare))
        charged = sum(parts[end.request_id].values())
        spare -= charged
        back -= charged
    entries = [usage_entry(end, parts[end.request_id]) for end in ends]
    change = None
    if payer is not None and account is not None and purse is not None:
        change = payer.change(purse, account, now_epoch_seconds, released, max(back, 0))
        back -= sum(change.expired.values())
        if change.expired:
            entries.append(expiry_entry(account.user_id, change, now_epoch_seconds))
    return Settlement(
        user_id=ends[0].user_id,
        entries=tuple(entries),
        released=released,
        to_available_nano_usd=back,
        swept=swept,
        purse=change,
        late=len(late),
        loss_nano_usd=sum(end.cost_nano_usd - sum(parts[end.request_id].values()) for end in ends),
    )


def usage_entry(end: UsageEnd, parts: Mapping[str, NanoUsd]) -> Entry:
    """Entry of a request: grants and paid credit pay their parts of it, the platform what could not be charged."""
    cost, charged = end.cost_nano_usd, sum(parts.values())
    wallet = wallet_of(end.user_id)
    postings = [Posting(account or wallet, -part) for account, part in parts.items()]
    postings.append(Posting(REVENUE, cost))
    if cost > charged:
        postings.append(Posting(PLATFORM_LOSS, charged - cost))
    return Entry(
        id=end.request_id,
        user_id=end.user_id,
        kind="usage",
        occurred_at=end.occurred_at,
        postings=tuple(postings),
        usage={**end.details, "chargedNanoUsd": charged, "priceVersion": end.price.version},
        trace=end.trace,
    )


def expiry_entry(user_id: str, change: PurseChange, now_epoch_seconds: float) -> Entry:
    """Entry of what expires of an account's grants at once; the version of the account makes its id one of its own."""
    legs = [Posting(GRANT + grant_id, -amount) for grant_id, amount in change.expired.items()]
    return Entry(
        id=f"{int(now_epoch_seconds * 1000):012x}-expiry-{change.before.version}",
        user_id=user_id,
        kind="expiry",
        occurred_at=iso(datetime.fromtimestamp(now_epoch_seconds, UTC)),
        postings=(*legs, Posting(PROMOTION, sum(change.expired.values()))),
        description="Credit that ended",
    )


def _paid(payer: Payer | None, end: UsageEnd, most_nano_usd: NanoUsd) -> Mapping[str, NanoUsd]:
    """What is paid of a request, by account; all of it by paid credit (''), where there are no grants."""
    return {"": most_nano_usd} if payer is None else payer.pay(end.occurred_at, most_nano_usd)


def _still_holds(account: Account, end: UsageEnd, taken: Held) -> bool:
    held = account.holds.get(end.bucket, Held(0, 0))
    return (
        held.amount_nano_usd - taken.amount_nano_usd >= end.held_nano_usd and held.requests > taken.requests
    )
