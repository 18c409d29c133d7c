"""What one ledger entry adds to the usage figures: counters only, so that adding up is all a reader has to do.

A figure is a named count. The names, which are also the attributes of a stored cell:

    requests, errors, streams, estimated        calls; failed ones; streamed ones; ones whose tokens were estimated
    input, cachedInput, cacheWrite              tokens in; the parts that were read from and written to a cache
    output, reasoning                           tokens out; the part that was reasoning
    images                                      images in
    cost                                        nano-US-dollars charged
    o:<outcome>                                 calls by how they ended
    l<bucket>, t<bucket>                        latency and time to first token, see histogram.py
    credits, debits, refunds, adjustments,
    grants, expired                             nano-US-dollars, signed: the effect on the user's wallet
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from aggregator.analytics.histogram import bucket_of

Figures = Counter[str]

OUTCOME = "o:"
LATENCY = "l"
FIRST_TOKEN = "t"  # noqa: S105 (an attribute's first letter)

WALLET_FIGURES: Mapping[str, str] = MappingProxyType({
    "credit": "credits",
    "debit": "debits",
    "refund": "refunds",
    "adjustment": "adjustments",
    "given": "grants",
    "expired": "expired",
})  # fmt: skip

# Ends that are the platform's or the provider's failure; a client that leaves or cancels is routine traffic.
FAILURES = frozenset({"provider_cut", "deadline", "provider_error"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model, as it was charged; parts of tokens are within their wholes."""

    key_id: str
    provider: str
    model: str
    status: int
    outcome: str
    stream: bool
    estimated: bool
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    images: int
    charged_nano_usd: int
    latency_ms: int
    time_to_first_token_ms: int | None = None

    @property
    def is_error(self) -> bool:
        """Whether the client did not get what it asked for, through no doing of its own after the request."""
        return self.status >= 400 or self.outcome in FAILURES


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry: a charged call, or money that moved otherwise (`call` is None)."""

    id: str
    user_id: str
    kind: str
    occurred_at: datetime
    amount_nano_usd: int
    call: Call | None = None


def figures_of(entry: Entry) -> Figures:
    """What `entry` adds; a figure it does not touch is absent."""
    if entry.call is None:
        return Counter({WALLET_FIGURES[entry.kind]: entry.amount_nano_usd})
    call = entry.call
    figures = Counter({
        "requests": 1,
        "errors": int(call.is_error),
        "streams": int(call.stream),
        "estimated": int(call.estimated),
        "input": call.input_tokens,
        "cachedInput": call.cached_input_tokens,
        "cacheWrite": call.cache_write_tokens,
        "output": call.output_tokens,
        "reasoning": call.reasoning_tokens,
        "images": call.images,
        "cost": call.charged_nano_usd,
        OUTCOME + call.outcome: 1,
        f"{LATENCY}{bucket_of(call.latency_ms)}": 1,
    })  # fmt: skip
    if call.time_to_first_token_ms is not None:
        figures[f"{FIRST_TOKEN}{bucket_of(call.time_to_first_token_ms)}"] = 1
    return Counter({name: amount for name, amount in figures.items() if amount})
