"""What a settled batch tells operators: how late it was, what the platform added to answers, who used what.

Metrics are times of single requests, so that any percentile of them can be asked for. The lines are what margin and
usage are added up from, by user, model and provider.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aggregator.billing.entry import UsageEnd
from aggregator.contracts.ai_usage import AiUsage
from aggregator.runtime.clock import from_iso
from aggregator.runtime.observability import logger, measure
from aggregator.runtime.xray import trace_of

_MARKUP = re.compile(r"@([1-9]\d*)%$")


@dataclass(frozen=True, slots=True)
class Timed:
    """When one request was over, in seconds since 1970, and what the platform took of its time to the first word."""

    ended_at: float
    added_ms: int | None


def timed(event: AiUsage) -> Timed | None:
    """The times of one event; None where it does not say when it was, which is no reason not to settle it.

    What was added is known of answers that the first try got: else it would be the time of providers that failed.
    """
    try:
        ended_at = from_iso(event.occurred_at).timestamp() + event.latency_ms / 1000
    except ValueError:
        return None
    first, provider = event.time_to_first_token_ms, event.provider_ms
    if first is None or provider is None or event.attempts != 1:
        return Timed(ended_at, None)
    return Timed(ended_at, max(0, first - provider))


def report_times(requests: Iterable[Timed | None], now_epoch_seconds: float) -> None:
    """Measure what settled requests waited: `SettleLagMs` for their charge, `AddedLatencyMs` for their first word."""
    for each in requests:
        if each is None:
            continue
        measure("SettleLagMs", max(0, round((now_epoch_seconds - each.ended_at) * 1000)))
        if each.added_ms is not None:
            measure("AddedLatencyMs", each.added_ms)


def report_usage(ends: Sequence[UsageEnd], say: Callable[..., None] = logger.info) -> None:
    """A line for each user, model and provider: what its requests cost the user, and what at the provider's price."""
    grouped: dict[tuple[str, str, str], list[UsageEnd]] = {}
    for end in ends:
        key = (end.user_id, str(end.details["model"]), str(end.details["provider"]))
        grouped.setdefault(key, []).append(end)
    for (user_id, model, provider), theirs in grouped.items():
        cost = sum(end.cost_nano_usd for end in theirs)
        at_the_provider = sum(provider_cost_of(end) for end in theirs)
        say(
            "usage",
            user_id=user_id,
            model=model,
            provider=provider,
            requests=len(theirs),
            failed=sum(end.details["outcome"] != "completed" for end in theirs),
            tokens=sum(end.usage.tokens for end in theirs),
            cost_nano_usd=cost,
            provider_nano_usd=at_the_provider,
            margin_nano_usd=cost - at_the_provider,
            request_ids=[end.request_id for end in theirs],
            traces={end.request_id: trace.root for end in theirs if (trace := trace_of(end.trace))},
        )


def provider_cost_of(end: UsageEnd) -> int:
    """What a request cost at the price that its version marks up (`7@110%`); rounded down to the nano-dollar."""
    marked_up = _MARKUP.search(end.price.version)
    return end.cost_nano_usd * 100 // int(marked_up[1]) if marked_up else end.cost_nano_usd
