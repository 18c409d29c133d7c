"""Limits of a key: taken before money is held, given back when the answer is over. On the hot path.

| step      | AWS calls                                                                                              |
|-----------|--------------------------------------------------------------------------------------------------------|
| take      | none for a key without limits, 1 for a key with any; 2 more where expired tickets are in the way       |
| give back | 1 for a key with budgets or a concurrency limit; for others none (1 in about 8 minutes, to tidy up)    |

What a crash leaves behind: a ticket, which means nothing after the request's deadline and a minute; and the upper bound
of its cost in the budgets, until their day and month are over. It never leaves a budget with more than it had.
A request that passed its key's limits counts for its minute, whatever becomes of it; one that they refused does not.
"""

from datetime import datetime
from typing import Protocol

from aggregator.auth.caller import Caller
from aggregator.billing.money import NanoUsd
from aggregator.errors import RateLimitExceeded, StoreUnavailable
from aggregator.proxy import limit_rules
from aggregator.proxy.limit_rules import Demand, Stored, Take, Taken
from aggregator.proxy.model import EMBEDDINGS, Ask, Bound
from aggregator.proxy.store import Full
from aggregator.proxy.tab import BYTES_PER_TOKEN, TOKENS_PER_IMAGE
from aggregator.runtime import log
from aggregator.runtime.aws import TIMED_OUT, AwsError

OUTPUT_TOKENS_WITHOUT_CAP = 1024
"""What an answer counts for in tokens per minute where the client set no limit: a long one, as chats go."""

_TRIES = 5
_TIDY_AT = 8


class Counts(Protocol):
    """What limits need of the proxy's store."""

    def take(self, take: Take) -> Stored:
        """See `LimitStore.take`."""
        ...

    def sweep(self, key_id: str, tickets: frozenset[str]) -> None:
        """See `LimitStore.sweep`."""
        ...

    def give_back(self, taken: Taken, unspent_nano_usd: NanoUsd) -> bool:
        """See `LimitStore.give_back`."""
        ...


def tokens_of(ask: Ask) -> int:
    """What a request counts for in tokens per minute: an estimate, so that the limit means real tokens.

    A token for each four bytes, 1,024 for an image, and for each choice the client's limit of output, or 1,024.
    Embeddings have no output.
    """
    input_tokens = -(-ask.text_bytes // BYTES_PER_TOKEN) + ask.tokens + ask.images * TOKENS_PER_IMAGE
    if ask.surface == EMBEDDINGS:
        return input_tokens
    return input_tokens + (ask.max_output_tokens or OUTPUT_TOKENS_WITHOUT_CAP) * ask.choices


def demand_of(ask: Ask, bound: Bound, *, request_id: str, now: datetime, seconds: float) -> Demand:
    """What a chat completion asks of its key's limits; `seconds` is the longest it can run."""
    return Demand(
        request_id=request_id,
        now=now,
        seconds=seconds,
        tokens=tokens_of(ask),
        at_most_nano_usd=bound.at_most_nano_usd,
        at_least_nano_usd=bound.at_least_nano_usd,
    )


def take(counts: Counts, caller: Caller, demand: Demand) -> Taken:
    """Count a request against every limit of its key, or against none.

    Where a budget has less left than the request can cost at the most, it takes what is left, if that is no less than
    `at_least_nano_usd`: the caller must hold, and spend, no more than `Taken.at_most_nano_usd`.

    Raises:
        RateLimitExceeded: too many requests or tokens in this minute, or requests at once; nothing was taken.
        InsufficientQuota: a budget does not cover the request; nothing was taken.
        StoreUnavailable: the counts cannot be reached; what may have been taken is given back, or expires.
    """
    limits = caller.limits
    if not limit_rules.is_limited(limits):
        return Taken(caller.key_id, demand.request_id, demand.at_most_nano_usd)
    stored: Stored = {}
    for _ in range(_TRIES):
        refusal = limit_rules.refusal_of(limits, stored, demand)
        if refusal is not None:
            raise refusal
        wanted = limit_rules.take_of(caller, demand, limit_rules.affordable(limits, stored, demand))
        try:
            if dead := limit_rules.in_the_way(limits, stored, demand.now):
                counts.sweep(caller.key_id, dead)
            stored = counts.take(wanted)
        except Full as full:
            stored = full.stored
        except AwsError as failed:
            if failed.code == TIMED_OUT:
                give_back(counts, limit_rules.taken_of(caller, demand, wanted, {}))
            raise StoreUnavailable(
                "The platform is busy; try again in a moment.", retry_after_seconds=1
            ) from failed
        else:
            return limit_rules.taken_of(caller, demand, wanted, stored)
    headers = limit_rules.rate_headers(limits, stored, demand.now)
    raise RateLimitExceeded(
        "Too many requests of this API key at the same moment.", retry_after_seconds=1, headers=headers
    )


def give_back(counts: Counts, taken: Taken, spent_nano_usd: NanoUsd = 0) -> None:
    """End a request: free its place, and return to the budgets what it did not spend. Once, however often it is said.

    Never raises: an answer must not suffer from it. What is not given back expires, as the module's docstring says.
    """
    if taken.ticket is None and len(taken.over_windows) < _TIDY_AT:
        return
    unspent = max(0, taken.at_most_nano_usd - spent_nano_usd)
    try:
        try:
            counts.give_back(taken, unspent)
        except AwsError as lost:
            if lost.code != TIMED_OUT:
                raise
            counts.give_back(taken, unspent)
    except Exception as failed:
        code = failed.code if isinstance(failed, AwsError) else type(failed).__name__
        log.warning("limits_not_given_back", request_id=taken.request_id, code=code)
        log.count("LimitsNotGivenBack")
