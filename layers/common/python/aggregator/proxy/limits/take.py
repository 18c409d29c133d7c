"""Limits of a key: taken before money is held, given back when the answer is over. On the hot path.

| step      | AWS calls                                                                                              |
|-----------|--------------------------------------------------------------------------------------------------------|
| take      | none for a key without limits, 1 for a key with any; 2 more where expired tickets are in the way       |
| give back | 1 for a key with budgets, tokens or money a minute, or requests at once; for others none (1 in about 8 |
|           | minutes, to tidy up)                                                                                   |

What a crash leaves behind: a ticket, which means nothing after the request's deadline and a minute; and the upper bound
of its cost in the budgets, until their day and month are over. It never leaves a budget with more than it had.
A request that passed its key's limits is one of its minute's requests, whatever becomes of it; one that they refused is
not. Its tokens are those that it used, as far as they are known while the minute lasts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from aggregator.auth.caller import Caller
from aggregator.billing.money import NanoUsd
from aggregator.errors import RateLimitExceeded, StoreUnavailable
from aggregator.proxy.bound import LEAST_USEFUL_OUTPUT_TOKENS
from aggregator.proxy.limits import rules as limit_rules
from aggregator.proxy.limits.counts import (
    Full,
    Stored,
    in_the_way,
    is_limited,
    item_of,
    owners_of,
    rate_headers,
)
from aggregator.proxy.limits.rules import NO_REPLY, Back, Demand, Reply, Take, Taken
from aggregator.proxy.model import Ask, Bound
from aggregator.proxy.tab import BYTES_PER_TOKEN, TOKENS_PER_IMAGE
from aggregator.runtime import log
from aggregator.runtime.aws import TIMED_OUT, AwsError

USUAL_OUTPUT_TOKENS = 1024
"""What tokens per minute must have room for where the client set no limit of output: a long answer, as chats go."""

_TRIES = 5
_TIDY_AT = 8


class Counts(Protocol):
    """What limits need of the proxy's store."""

    def take(self, take: Take) -> Stored:
        """See `LimitStore.take`."""
        ...

    def sweep(self, key_id: str, tickets: Mapping[str, frozenset[str]]) -> None:
        """See `LimitStore.sweep`."""
        ...

    def give_back(self, taken: Taken, back: Back) -> bool:
        """See `LimitStore.give_back`."""
        ...


def tokens_of(ask: Ask) -> int:
    """What a request counts for in tokens per minute: an estimate, so that the limit means real tokens.

    A token for each four bytes (of a PDF, twelve), 1,024 for an image, and for each choice the client's limit of
    output, if it set one. Embeddings have no output.
    """
    input_tokens = -(-ask.text_bytes // BYTES_PER_TOKEN) + ask.tokens + ask.images * TOKENS_PER_IMAGE
    input_tokens += sum(file.rough_tokens for file in ask.files)
    return input_tokens + (ask.max_output_tokens or 0) * ask.choices


def reply_of(ask: Ask, most_output_tokens: int) -> Reply:
    """What an answer may count for whose length the client left open; `most_output_tokens` is what a model can say."""
    if ask.max_output_tokens is not None or not ask.has_output:
        return NO_REPLY
    each = most_output_tokens, min(USUAL_OUTPUT_TOKENS, most_output_tokens), LEAST_USEFUL_OUTPUT_TOKENS
    return Reply(*(tokens * ask.choices for tokens in each))


def demand_of(
    ask: Ask,
    bound: Bound,
    *,
    request_id: str,
    now: datetime,
    seconds: float,
    counted: tuple[str, ...] = (),
) -> Demand:
    """What a chat completion asks of its key's limits; `seconds` is the longest it can run."""
    return Demand(
        request_id=request_id,
        now=now,
        seconds=seconds,
        tokens=tokens_of(ask),
        at_most_nano_usd=bound.at_most_nano_usd,
        at_least_nano_usd=bound.at_least_nano_usd,
        reply=reply_of(ask, bound.most_output_tokens),
        counted=counted,
    )


def counted_in(before: Taken | None, caller: Caller) -> tuple[str, ...]:
    """The minutes of the caller's item that a request which begins anew is counted in already."""
    return before.requests if before is not None and before.key_id == item_of(caller) else ()


def of_no_limit(caller: Caller, request_id: str, at_most_nano_usd: NanoUsd) -> Taken | None:
    """What a request takes that no limit holds for; None if one does."""
    return None if is_limited(caller) else Taken(caller.key_id, request_id, at_most_nano_usd)


def take(counts: Counts, caller: Caller, demand: Demand) -> Taken:
    """Count a request against every limit of its key and of the keys over it, or against none.

    Where a budget has less left than the request can cost at the most, it takes what is left, if that is no less than
    `at_least_nano_usd`: the caller must hold, and spend, no more than `Taken.at_most_nano_usd`.

    Raises:
        RateLimitExceeded: too many requests or tokens in this minute, or requests at once; nothing was taken.
        InsufficientQuota: a budget does not cover the request; nothing was taken.
        StoreUnavailable: the counts cannot be reached; what may have been taken is given back, or expires.
    """
    if (taken := of_no_limit(caller, demand.request_id, demand.at_most_nano_usd)) is not None:
        return taken
    owners = owners_of(caller)
    stored: Stored = {}
    for _ in range(_TRIES):
        refusal = limit_rules.refusal_of(owners, stored, demand)
        if refusal is not None:
            raise refusal
        wanted = limit_rules.take_of(caller, demand, stored)
        try:
            if dead := in_the_way(owners, stored, demand.now):
                counts.sweep(wanted.key_id, dead)
            stored = counts.take(wanted)
        except Full as full:
            stored = full.stored
        except AwsError as failed:
            if failed.code == TIMED_OUT:
                give_back(counts, limit_rules.taken_of(caller, demand, wanted, {}), used_tokens=0)
            raise StoreUnavailable(
                "The platform is busy; try again in a moment.", retry_after_seconds=1
            ) from failed
        else:
            return limit_rules.taken_of(caller, demand, wanted, stored)
    headers = rate_headers(owners, stored, demand.now)
    raise RateLimitExceeded(
        "Too many requests of this API key at the same moment.", retry_after_seconds=1, headers=headers
    )


def give_back(
    counts: Counts,
    taken: Taken,
    spent_nano_usd: NanoUsd = 0,
    *,
    used_tokens: int | None = None,
    now: datetime | None = None,
    ends: float | None = None,
) -> None:
    """End a request: free its place, return to the budgets what it did not spend, and put its minute right.

    Once, however often it is said. Without `used_tokens` nothing is known of them, and without `now` it is a moment
    after it was taken. It is over when the monotonic clock says `ends`.

    Never raises: an answer must not suffer from it. What is not given back expires, as the module's docstring says.
    """
    if taken.ticket is None and len(taken.over_windows) < _TIDY_AT:
        return
    back = limit_rules.back_of(
        taken, spent_nano_usd=spent_nano_usd, used_tokens=used_tokens, now=now, ends=ends
    )
    try:
        try:
            counts.give_back(taken, back)
        except AwsError as lost:
            if lost.code != TIMED_OUT:
                raise
            counts.give_back(taken, back)
    except Exception as failed:
        code = failed.code if isinstance(failed, AwsError) else type(failed).__name__
        log.warning("limits_not_given_back", request_id=taken.request_id, code=code)
        log.count("LimitsNotGivenBack")
