"""Credit that ends: which grant pays for a request, and what of a grant expires. Pure rules; standard library only.

A grant is a ledger account of its own (`grant:<id>` in postings) within its owner's wallet: the wallet holds the total,
so a reserve asks nothing of grants. Who pays is decided when a request is settled, by the moment at which it came: a
grant that had ended by then pays nothing of it. Of those that had not, the one that ends first pays first; paid credit
pays what is left.

What has ended expires a minute later, for clocks differ; but never what requests hold that came before the end, for
they may yet be paid from it. Since a hold does not say which money it is, held money counts as that of the grant that
ends first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from aggregator.billing.model import BUCKET_SECONDS, CLOCK_SKEW_SECONDS, HOLD_SECONDS, Account, Held
from aggregator.billing.money import NanoUsd
from aggregator.runtime.clock import from_iso, iso

GRANT = "grant:"
"""How the names of grants' accounts in postings begin."""

PROMOTION = "promotion"
"""The platform's account that grants come from, and that goes back to what expires of them."""

MOST_GRANTS = 25
"""Grants of one account that something is left of: settling writes all of them in one item."""


class Grant(NamedTuple):
    """What is left of a grant. `ends_at` is a moment as `clock.iso` writes it, so it compares as text."""

    id: str
    left_nano_usd: NanoUsd
    ends_at: str

    @property
    def account(self) -> str:
        """Its name in postings."""
        return GRANT + self.id


@dataclass(frozen=True, slots=True)
class Purse:
    """The grants of an account that something is left of, and the version of the account at which that was so."""

    version: int = 0
    grants: tuple[Grant, ...] = ()

    @property
    def total_nano_usd(self) -> NanoUsd:
        """What is left of all of them."""
        return sum(grant.left_nano_usd for grant in self.grants)

    def left_of(self, grant_id: str) -> NanoUsd:
        """What is left of one."""
        return sum(grant.left_nano_usd for grant in self.grants if grant.id == grant_id)

    def plus(self, grant: Grant) -> "Purse":
        """With more in a grant, which it may have or not."""
        there = Grant(grant.id, self.left_of(grant.id) + grant.left_nano_usd, grant.ends_at)
        return Purse(self.version, (*(each for each in self.grants if each.id != grant.id), there))


@dataclass(frozen=True, slots=True)
class PurseChange:
    """What a write does to an account's grants. It is refused where the account's version is not that of `before`.

    `expired` is what goes back to the platform, by grant; `after` is without it already.
    """

    before: Purse
    after: tuple[Grant, ...]
    expired: Mapping[str, NanoUsd] = field(default_factory=dict)

    @property
    def granted_nano_usd(self) -> NanoUsd:
        """What is left of all grants then."""
        return sum(grant.left_nano_usd for grant in self.after)


class Payer:
    """Pays for requests, one after the other, from grants and then from paid credit, as long as there is any."""

    def __init__(self, purse: Purse, paid_nano_usd: NanoUsd) -> None:
        self.grants = in_order(purse.grants)
        self._paid = paid_nano_usd

    def pay(self, came_at: str, most_nano_usd: NanoUsd) -> dict[str, NanoUsd]:
        """What each grant pays of a request that came at a moment, by account, and paid credit, under the name ''."""
        parts: dict[str, NanoUsd] = {}
        owed = most_nano_usd
        for n, grant in enumerate(self.grants):
            part = min(owed, grant.left_nano_usd)
            if part and came_at < grant.ends_at:
                self.grants[n] = grant._replace(left_nano_usd=grant.left_nano_usd - part)
                parts[grant.account] = part
                owed -= part
        part = min(owed, self._paid)
        if part or not parts:
            self._paid -= part
            parts[""] = part
        return parts

    def change(
        self,
        purse: Purse,
        account: Account,
        now_epoch_seconds: float,
        released: Mapping[str, Held],
        back_nano_usd: NanoUsd,
    ) -> PurseChange:
        """What was done to the grants; of `back_nano_usd`, which comes back to the account, what has ended expires."""
        holds = running(account, now_epoch_seconds, released)
        expired = to_expire(self.grants, holds, now_epoch_seconds, back_nano_usd)
        return PurseChange(purse, without(self.grants, expired), expired)


def in_order(grants: Iterable[Grant]) -> list[Grant]:
    """As they pay: the one that ends first is the first; of those that end together the one with the lower id."""
    return sorted(grants, key=lambda grant: (grant.ends_at, grant.id))


def to_expire(
    grants: Sequence[Grant], holds: Mapping[str, Held], now_epoch_seconds: float, most_nano_usd: NanoUsd
) -> dict[str, NanoUsd]:
    """What of each ended grant goes back now, `most_nano_usd` in all; `holds` are the buckets that have not lapsed."""
    over = iso(datetime.fromtimestamp(now_epoch_seconds - CLOCK_SKEW_SECONDS, UTC))
    expired: dict[str, NanoUsd] = {}
    kept = 0
    for grant in in_order(grants):
        if grant.ends_at > over:
            break
        claimed = held_before(holds, from_iso(grant.ends_at).timestamp()) - kept
        keeps = min(grant.left_nano_usd, max(claimed, 0))
        kept += keeps
        part = min(grant.left_nano_usd - keeps, most_nano_usd)
        if part > 0:
            expired[grant.id] = part
            most_nano_usd -= part
    return expired


def held_before(holds: Mapping[str, Held], epoch_seconds: float) -> NanoUsd:
    """What buckets hold that may be of requests which came before a moment; a bucket tells to a few minutes."""
    within = HOLD_SECONDS + BUCKET_SECONDS + CLOCK_SKEW_SECONDS
    return sum(held.amount_nano_usd for bucket, held in holds.items() if int(bucket) - within < epoch_seconds)


def without(grants: Iterable[Grant], taken: Mapping[str, NanoUsd]) -> tuple[Grant, ...]:
    """Grants less what is taken of them, without those of which nothing is left."""
    less = (grant._replace(left_nano_usd=grant.left_nano_usd - taken.get(grant.id, 0)) for grant in grants)
    return tuple(grant for grant in less if grant.left_nano_usd)


def running(account: Account, now_epoch_seconds: float, released: Mapping[str, Held]) -> dict[str, Held]:
    """The buckets of an account that have not lapsed, less what is released of them."""
    lapsed = account.lapsed(now_epoch_seconds)
    return {
        bucket: Held(held.amount_nano_usd - released.get(bucket, Held(0, 0)).amount_nano_usd, held.requests)
        for bucket, held in account.holds.items()
        if bucket not in lapsed
    }
