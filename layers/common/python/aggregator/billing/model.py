"""The ledger's values and pure rules: accounts, holds, postings, entries, settlements. Standard library only."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from aggregator.billing.cost import cost_of
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price, Usage
from aggregator.billing.shares import SHARES

HOLD_SECONDS = 3600
"""How long money stays held: the longest request (15 minutes) and ample time for its usage to be settled."""

BUCKET_SECONDS = 300
"""Holds share a deadline with their neighbours of this width, so that an account carries few numbers."""

WAIT_FOR_USAGE_SECONDS = 6 * 3600
"""How long a lapsed bucket stays as it is, so that usage that is late still meets its hold."""

CLOCK_SKEW_SECONDS = 60
"""How long after a bucket's deadline it is left alone, since clocks differ."""

MOST_BUCKETS = 30
"""Buckets that one write names: DynamoDB takes expressions of up to 4 KB."""

REVENUE = "revenue"
CASH = "cash"
ADJUSTMENTS = "adjustments"
PLATFORM_LOSS = "platform_loss"

Kind = Literal["usage", "credit", "debit", "refund", "adjustment"]


def bucket_for(epoch_seconds: float, hold_seconds: int = HOLD_SECONDS) -> str:
    """Deadline bucket of a hold taken now: the end of its window, in epoch seconds."""
    deadline = int(epoch_seconds) + hold_seconds
    return str(-(-deadline // BUCKET_SECONDS) * BUCKET_SECONDS)


def has_lapsed(bucket: str, epoch_seconds: float) -> bool:
    """Whether the money in `bucket` belongs to the user again."""
    return epoch_seconds > int(bucket) + CLOCK_SKEW_SECONDS


def day_of(epoch_seconds: float) -> str:
    """The UTC date of a moment, as the books name it."""
    return time.strftime("%Y-%m-%d", time.gmtime(epoch_seconds))


@dataclass(frozen=True, slots=True)
class Held:
    """What one deadline bucket of an account holds: an amount, and how many requests it is for."""

    amount_nano_usd: NanoUsd
    count: int


def fullest(buckets: Mapping[str, Held]) -> dict[str, Held]:
    """As many of the buckets as one write names: those with the most money."""
    ranked = sorted(buckets.items(), key=lambda each: each[1].amount_nano_usd, reverse=True)
    return dict(ranked[:MOST_BUCKETS])


@dataclass(frozen=True, slots=True)
class Posted:
    """What entries come to: their sum on a user's wallet, and how many they are."""

    amount_nano_usd: NanoUsd = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A user's wallet. Invariant: available + all holds = sum of its ledger postings, and available >= 0.

    Below `alert_below_nano_usd`, if set, its total counts as low. `swept` is what has ever been returned of lapsed
    holds: requests whose usage never arrived, or too late.

    The account counts its own ledger: `days` is what was written on each UTC day since the books were closed, and
    `closed_nano_usd` what all entries up to the day `closed_on` came to. Wallets with the same money are equal,
    whatever their books.

    While its user is `suspended` nothing can be reserved; what is held is settled as ever.
    """

    user_id: str
    available_nano_usd: NanoUsd = 0
    holds: Mapping[str, Held] = field(default_factory=dict)
    alert_below_nano_usd: NanoUsd | None = None
    swept: Held = Held(0, 0)
    days: Mapping[str, Posted] = field(default_factory=dict, compare=False)
    closed_on: str | None = field(default=None, compare=False)
    closed_nano_usd: NanoUsd = field(default=0, compare=False)
    suspended: bool = False

    def lapsed(self, epoch_seconds: float) -> dict[str, Held]:
        """Buckets past their deadline: their money belongs to the user again."""
        return {bucket: held for bucket, held in self.holds.items() if has_lapsed(bucket, epoch_seconds)}

    def over(self, epoch_seconds: float) -> dict[str, Held]:
        """Lapsed buckets that nothing is in, or whose usage is hours late: it is not waited for any more."""
        waited_for = epoch_seconds - WAIT_FOR_USAGE_SECONDS
        return {
            bucket: held
            for bucket, held in self.lapsed(epoch_seconds).items()
            if held == Held(0, 0) or has_lapsed(bucket, waited_for)
        }

    def spendable(self, epoch_seconds: float) -> NanoUsd:
        """What the user can spend now: available, and what has lapsed."""
        return self.available_nano_usd + _sum(self.lapsed(epoch_seconds))

    def to_sweep(self, epoch_seconds: float, taken: Mapping[str, Held] | None = None) -> dict[str, Held]:
        """Lapsed buckets with money in them that one write can return, the fullest first.

        `taken` is what the same write takes out of buckets: they count for its names, and for what is left in them.
        """
        taken = taken or {}
        left = {
            bucket: _less(held, taken.get(bucket, Held(0, 0)))
            for bucket, held in self.lapsed(epoch_seconds).items()
        }
        worth = sorted(
            ((bucket, held) for bucket, held in left.items() if held.amount_nano_usd > 0),
            key=lambda each: each[1].amount_nano_usd,
            reverse=True,
        )
        room = MOST_BUCKETS - len(taken)
        beside = [bucket for bucket, _ in worth if bucket not in taken][: max(room, 0)]
        return {bucket: held for bucket, held in worth if bucket in taken or bucket in beside}

    def held(self, epoch_seconds: float) -> NanoUsd:
        """What running requests hold now."""
        return _sum(self.holds) - _sum(self.lapsed(epoch_seconds))

    @property
    def total_nano_usd(self) -> NanoUsd:
        """All of the user's money: what its postings add up to."""
        return self.available_nano_usd + _sum(self.holds)


@dataclass(frozen=True, slots=True)
class Hold:
    """Money taken aside for one request; travels in the request and then in its usage event.

    Where nothing was held, nobody asked what is available.
    """

    amount_nano_usd: NanoUsd
    bucket: str
    available_after_nano_usd: NanoUsd | None

    @property
    def is_large(self) -> bool:
        """Whether it took so much of what was available that its rest is worth a write as soon as it is known."""
        if self.available_after_nano_usd is None:
            return False
        before = self.available_after_nano_usd + self.amount_nano_usd
        return self.amount_nano_usd > SHARES.give_back_above.of(before)


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

    def __post_init__(self) -> None:
        """Hold the rule of double entry."""
        if sum(posting.amount_nano_usd for posting in self.postings):
            raise ValueError(f"postings of entry {self.id} do not add up to zero")

    @property
    def amount_nano_usd(self) -> NanoUsd:
        """Effect on the user's wallet."""
        wallet = wallet_of(self.user_id)
        return sum(posting.amount_nano_usd for posting in self.postings if posting.account == wallet)


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

    @property
    def cost_nano_usd(self) -> NanoUsd:
        """What it costs, before anything caps it."""
        return cost_of(self.usage, self.price)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one batch does to one account, all of it or nothing.

    `released` is taken out of the buckets, `to_available_nano_usd` added to what is available, or, where late usage
    takes more than comes back, taken from it. `swept` is what lapsed buckets hold besides: it becomes available with
    the same write, for late usage to be paid from. `late` and `loss_nano_usd` are what an operator must hear of.
    """

    user_id: str
    entries: tuple[Entry, ...]
    released: Mapping[str, Held]
    to_available_nano_usd: NanoUsd
    swept: Mapping[str, Held] = field(default_factory=dict)
    late: int = 0
    loss_nano_usd: NanoUsd = 0


def wallet_of(user_id: str) -> str:
    """Name of a user's account in postings."""
    return f"user:{user_id}"


def settlement_of(
    ends: Sequence[UsageEnd], account: Account | None = None, now_epoch_seconds: float = 0
) -> Settlement:
    """Plan the settling of one account's requests.

    Without `account`, every hold is taken to be still there (the store's condition checks it). With it, a request
    whose bucket no longer holds its money is late: it is debited from what the user can spend, which is what is
    available, what the others of the batch leave over and, where that is short, what has lapsed; the rest is the
    platform's loss. A cost above its hold is charged up to the hold; the rest, too, is the platform's loss. What held
    nothing costs its user nothing.
    """
    released: dict[str, Held] = {}
    charged: dict[str, NanoUsd] = {}
    late: list[UsageEnd] = []
    back = 0
    for end in ends:
        if not end.held_nano_usd:  # it is in no bucket, and there is no time by which it must come
            charged[end.request_id] = 0
            continue
        taken = released.get(end.bucket, Held(0, 0))
        if account is not None and not _still_holds(account, end, taken):
            late.append(end)
            continue
        charged[end.request_id] = min(end.cost_nano_usd, end.held_nano_usd)
        released[end.bucket] = Held(taken.amount_nano_usd + end.held_nano_usd, taken.count + 1)
        back += end.held_nano_usd - charged[end.request_id]
    swept: dict[str, Held] = {}
    spare = back + (account.available_nano_usd if account else 0)
    if account is not None and spare < sum(end.cost_nano_usd for end in late):
        swept = account.to_sweep(now_epoch_seconds, released)
        spare += _sum(swept)
    for end in late:
        charged[end.request_id] = min(end.cost_nano_usd, spare)
        spare -= charged[end.request_id]
    return Settlement(
        user_id=ends[0].user_id,
        entries=tuple(usage_entry(end, charged[end.request_id]) for end in ends),
        released=released,
        to_available_nano_usd=back - sum(charged[end.request_id] for end in late),
        swept=swept,
        late=len(late),
        loss_nano_usd=sum(end.cost_nano_usd - charged[end.request_id] for end in ends),
    )


def usage_entry(end: UsageEnd, charged_nano_usd: NanoUsd) -> Entry:
    """Entry of a request: the user pays what was charged, the platform what could not be."""
    cost = end.cost_nano_usd
    postings = [Posting(wallet_of(end.user_id), -charged_nano_usd), Posting(REVENUE, cost)]
    if cost > charged_nano_usd:
        postings.append(Posting(PLATFORM_LOSS, charged_nano_usd - cost))
    return Entry(
        id=end.request_id,
        user_id=end.user_id,
        kind="usage",
        occurred_at=end.occurred_at,
        postings=tuple(postings),
        usage={**end.details, "chargedNanoUsd": charged_nano_usd, "priceVersion": end.price.version},
    )


def _still_holds(account: Account, end: UsageEnd, taken: Held) -> bool:
    held = account.holds.get(end.bucket, Held(0, 0))
    return held.amount_nano_usd - taken.amount_nano_usd >= end.held_nano_usd and held.count > taken.count


def _less(held: Held, taken: Held) -> Held:
    return Held(held.amount_nano_usd - taken.amount_nano_usd, held.count - taken.count)


def _sum(holds: Mapping[str, Held]) -> NanoUsd:
    return sum(held.amount_nano_usd for held in holds.values())
