"""`ai_usage` v1, from `aggregator.proxy`: one request that held money has ended, in whatever way.

Exactly one such event is put for each hold, and each may arrive more than once. Amounts are nano-US-dollars.
"""

from typing import Literal

from pydantic import Field

from aggregator.contracts.base import Count, Event, Id

SOURCE = "aggregator.proxy"
DETAIL_TYPE = "ai_usage"

Outcome = Literal["completed", "client_gone", "provider_cut", "deadline", "provider_error", "cancelled"]


class HeldMoney(Event):
    """What this request still holds, to be settled against what it cost.

    `returned_nano_usd` is what it held beside that and has back already, since it was a large part of the account.
    """

    amount_nano_usd: Count
    bucket: Id
    returned_nano_usd: Count = 0


class CountedUsage(Event):
    """Tokens by kind; the parts are within their wholes. `estimated`: the provider gave no count, or not of all.

    `cache_write_hour_tokens` are those of `cache_write_tokens` that stay for an hour. `tools` are the calls of tools
    that ran at the provider, by their name in the price; `service_tier` is the one whose rates are charged.
    """

    input_tokens: Count = 0
    cached_input_tokens: Count = 0
    cache_write_tokens: Count = 0
    output_tokens: Count = 0
    reasoning_tokens: Count = 0
    images: Count = 0
    estimated: bool = False
    cache_write_hour_tokens: Count = 0
    tools: dict[Id, Count] | None = None
    service_tier: Id | None = None


class _Rates(Event):
    """Pydantic lists the fields of the last of a model's bases first: rates stand before what they are rates of."""

    input: Count
    output: Count
    cached_input: Count | None = None
    cache_write: Count | None = None
    reasoning: Count | None = None
    cache_write_hour: Count | None = None


class _AboveInput(Event):
    above_input_tokens: Count


class Rates(_Rates, _AboveInput):
    """Prices above a length of input, in nano-US-dollars per million tokens."""


class ServiceRates(_Rates):
    """Prices of a service tier, in nano-US-dollars per million tokens."""

    tiers: list[Rates] = Field(default_factory=list)


class _Version(Event):
    version: Id


class PinnedPrice(_Rates, _Version):
    """The price version that the request was held at and is charged at."""

    image: Count = 0
    request: Count = 0
    tiers: list[Rates] = Field(default_factory=list)
    tools: dict[Id, Count] | None = None
    service_tiers: dict[Id, ServiceRates] | None = None


class FailedTry(Event):
    """A try that gave no answer, so many milliseconds after the request began: whom it asked, and the error's code."""

    provider: Id
    code: Id
    at_ms: Count


class AiUsage(Event):
    """One request's end: who, what, how much, and what it was held and priced at.

    `balanceNanoUsd` is what the answer told the user would be left. `strategy` is by what the routes were ranked, and
    `leftOut` names the providers that were passed over because they kept failing. `maxTokens` is the limit of output
    that the platform chose, `capped` what for; `ignored` names what the client sent and the provider did not get.
    `providerMs` is what the provider took to begin, of the try that it answered.
    `teamId` is whose wallet it was held from, where that is not the user's own.
    `upstreamModel` is the provider's name of the model, where it has one of its own. `failedTries` are those before the
    one that answered. `trace` is X-Ray's header of the invocation, as it was: nothing is to fail for it.
    """

    version: Literal[1]
    request_id: Id
    user_id: Id
    key_id: Id
    occurred_at: Id
    hold: HeldMoney
    model: Id
    provider: Id
    attempts: Count
    surface: Id
    stream: bool
    outcome: Outcome
    status: Count
    usage: CountedUsage
    price: PinnedPrice
    cost_nano_usd: Count
    latency_ms: Count
    time_to_first_token_ms: Count | None = None
    balance_nano_usd: Count | None = None
    strategy: Id | None = None
    left_out: list[Id] | None = None
    max_tokens: Count | None = None
    capped: Id | None = None
    ignored: list[Id] | None = None
    provider_ms: Count | None = None
    team_id: Id | None = None
    upstream_model: Id | None = None
    failed_tries: list[FailedTry] | None = None
    trace: str | None = None
