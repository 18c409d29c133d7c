"""Refunds of what grants paid: where each part of them goes. Pure; standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.billing.entry import REVENUE, Entry, Posting, wallet_of
from aggregator.billing.grants import GRANT, PROMOTION, Grant, Purse, PurseChange
from aggregator.billing.money import NanoUsd


@dataclass(frozen=True, slots=True)
class Refund:
    """How much is given back of an entry, and when; `id` is its own entry's."""

    id: str
    amount_nano_usd: NanoUsd
    occurred_at: str
    description: str | None = None


def refund_of(
    refund: Refund, refunded: Entry, before_nano_usd: NanoUsd, purse: Purse, ends: Mapping[str, str]
) -> tuple[Entry, PurseChange]:
    """The entry of a refund of what grants paid, and what it does to them.

    The last that paid gets first: paid credit, then the grant that ends last. What a grant paid that has ended goes
    back to the platform's promotions. `before_nano_usd` was given back of the entry before.
    """
    latest = sorted(refunded.paid_by_grants.items(), key=lambda each: (ends[each[0]], each[0]), reverse=True)
    paid = -sum(
        leg.amount_nano_usd for leg in refunded.postings if leg.account == wallet_of(refunded.user_id)
    )
    skipped, owed = before_nano_usd, refund.amount_nano_usd
    legs: dict[str, NanoUsd] = {}
    after = purse
    for grant_id, part in [("", paid), *latest]:
        left = max(part - skipped, 0)
        skipped -= part - left
        back = min(left, owed)
        owed -= back
        if not back:
            continue
        account = GRANT + grant_id if grant_id else wallet_of(refunded.user_id)
        if grant_id and ends[grant_id] <= refund.occurred_at:
            account = PROMOTION
        elif grant_id:
            after = after.plus(Grant(grant_id, back, ends[grant_id]))
        legs[account] = legs.get(account, 0) + back
    entry = Entry(
        id=refund.id,
        user_id=refunded.user_id,
        kind="refund",
        occurred_at=refund.occurred_at,
        postings=(
            *(Posting(account, amount) for account, amount in legs.items()),
            Posting(REVENUE, -refund.amount_nano_usd),
        ),
        description=refund.description,
        refers_to=refunded.id,
    )
    return entry, PurseChange(purse, after.grants)
