"""`balance_low` v1, from `aggregator.billing`: what a user has fell below the threshold set for it.

Once for each crossing: what counts is the money that is available and held together, which only charges lower, so
running requests do not make it flicker. It may arrive more than once; `crossingId` tells. Amounts are nano-US-dollars.
"""

from typing import Literal

from aggregator.contracts.base import Count, Event, Id

SOURCE = "aggregator.billing"
DETAIL_TYPE = "balance_low"


class BalanceLow(Event):
    """One crossing of one user's threshold."""

    version: Literal[1]
    crossing_id: Id
    user_id: Id
    occurred_at: Id
    threshold_nano_usd: Count
    total_nano_usd: Count
    available_nano_usd: Count
