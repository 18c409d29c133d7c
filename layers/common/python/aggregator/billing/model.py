"""The ledger's accounts and holds, and their pure rules; `entry.py` has what is written into it. On the hot path."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from aggregator.billing.money import NanoUsd
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


class Held(NamedTuple):
    """What one deadline bucket of an account holds: an amount, and how many requests it is for."""

    amount_nano_usd: NanoUsd
    requests: int


def fullest(buckets: Mapping[str, Held]) -> dict[str, Held]:
    """As many of the buckets as one write names: those with the most money."""
    ranked = sorted(buckets.items(), key=lambda each: each[1].amount_nano_usd, reverse=True)
    return dict(ranked[:MOST_BUCKETS])


class Posted(NamedTuple):
    """What entries come to: their sum on a user's wallet, and how many they are."""

    amount_nano_usd: NanoUsd = 0
    entries: int = 0


class Account(NamedTuple):  # noqa: PLW1641 (what it holds is a mapping, and has no hash)
    """A user's wallet. Invariant: available + all holds = sum of its ledger postings, and available >= 0.

    Below `alert_below_nano_usd`, if set, its total counts as low. `swept` is what has ever been returned of lapsed
    holds: requests whose usage never arrived, or too late.

    The account counts its own ledger: `days` is what was written on each UTC day since the books were closed, and
    `closed_nano_usd` what all entries up to the day `closed_on` came to. Wallets with the same money are equal,
    whatever their books.

    While its user, or team, is `suspended` nothing can be reserved, and nothing of a team's for `suspended_members`;
    what is held is settled as ever. `plan` is the stamp of the plan that it is on: see `plans/model.py`.

    `granted_nano_usd` of its total is left of grants; `grants_version` counts the changes of them.
    """

    user_id: str
    available_nano_usd: NanoUsd = 0
    holds: Mapping[str, Held] = {}
    alert_below_nano_usd: NanoUsd | None = None
    swept: Held = Held(0, 0)
    suspended: bool = False
    suspended_members: frozenset[str] = frozenset()
    granted_nano_usd: NanoUsd = 0
    plan: str | None = None
    grants_version: int = 0
    days: Mapping[str, Posted] = {}
    closed_on: str | None = None
    closed_nano_usd: NanoUsd = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and self[:_MONEY] == other[:_MONEY]

    def __ne__(self, other: object) -> bool:
        return not self == other

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
        return self.available_nano_usd + sum_of(self.lapsed(epoch_seconds))

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
        return sum_of(self.holds) - sum_of(self.lapsed(epoch_seconds))

    @property
    def total_nano_usd(self) -> NanoUsd:
        """All of the user's money: what its postings add up to."""
        return self.available_nano_usd + sum_of(self.holds)

    @property
    def paid_nano_usd(self) -> NanoUsd:
        """What of its total was paid for, so that it never ends."""
        return self.total_nano_usd - self.granted_nano_usd


_MONEY = Account._fields.index("grants_version")
"""How many fields of an account, the first ones, are its money; its books come after them."""


class Hold(NamedTuple):
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


def _less(held: Held, taken: Held) -> Held:
    return Held(held.amount_nano_usd - taken.amount_nano_usd, held.requests - taken.requests)


def sum_of(holds: Mapping[str, Held]) -> NanoUsd:
    """The money in these buckets."""
    return sum(held.amount_nano_usd for held in holds.values())
