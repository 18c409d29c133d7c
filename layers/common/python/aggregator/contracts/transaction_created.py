"""`transaction_created` v1, from `aggregator.billing`: an entry stands in the ledger.

It is published from the table's stream, so the event exists exactly when the entry does. It may arrive more than
once; `entryId` tells. Amounts are nano-US-dollars; `amountNanoUsd` is the effect on the user's wallet, which is that on
`user:<userId>` and on all accounts `grant:<grantId>`.
"""

from typing import Literal

from aggregator.contracts.base import Count, Event, Id

SOURCE = "aggregator.billing"
DETAIL_TYPE = "transaction_created"


class EntryPosting(Event):
    """One leg of an entry; the legs of an entry add up to zero."""

    account: Id
    amount_nano_usd: int


class ChargedUsage(Event):
    """What a usage entry was charged for. `userId` is who asked, where the entry is of a team's wallet."""

    request_id: Id
    key_id: Id
    model: Id
    provider: Id
    surface: Id
    stream: bool
    status: Count
    outcome: Id
    attempts: Count
    input_tokens: Count
    cached_input_tokens: Count
    cache_write_tokens: Count
    output_tokens: Count
    reasoning_tokens: Count
    images: Count
    estimated: bool
    charged_nano_usd: Count
    price_version: Id
    latency_ms: Count
    time_to_first_token_ms: Count | None = None
    hold_nano_usd: Count | None = None
    balance_nano_usd: Count | None = None
    cache_write_hour_tokens: Count | None = None
    tools: dict[Id, Count] | None = None
    service_tier: Id | None = None
    strategy: Id | None = None
    left_out: list[Id] | None = None
    max_tokens: Count | None = None
    capped: Id | None = None
    ignored: list[Id] | None = None
    user_id: Id | None = None


class TransactionCreated(Event):
    """One ledger entry, as other services see it.

    An entry of a kind that v1 does not know is an `adjustment` in it, and `grant` says which: credit that ends was
    `given`, or what was left of it has `expired`.
    """

    version: Literal[1]
    entry_id: Id
    user_id: Id
    kind: Literal["usage", "credit", "debit", "refund", "adjustment"]
    occurred_at: Id
    amount_nano_usd: int
    postings: list[EntryPosting]
    refers_to: Id | None = None
    description: str | None = None
    usage: ChargedUsage | None = None
    grant: Literal["given", "expired"] | None = None
