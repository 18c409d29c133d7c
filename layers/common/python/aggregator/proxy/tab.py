"""Tab: what one request owes, from its hold to its receipt. Every exit of the walk closes it, once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.auth.caller import Caller
from aggregator.billing.model import Hold
from aggregator.billing.price import Usage, cost_of, output_tokens_that_fit
from aggregator.proxy.bound import input_bound
from aggregator.proxy.model import EMBEDDINGS, Ask, Progress, Receipt, Route
from aggregator.runtime.clock import iso

BYTES_PER_TOKEN = 4
"""Fallback count where a provider gave none: a token for each four bytes, as English text has it."""

TOKENS_PER_IMAGE = 1024
"""The same for an image, or what the model makes of one at the most, if that is less."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A request that holds money."""

    request_id: str
    caller: Caller
    ask: Ask
    hold: Hold
    now: datetime
    started_ms: float
    monotonic: Callable[[], float]

    def close(self, route: Route, attempts: int, progress: Progress, *, outcome: str, status: int) -> Receipt:
        """What it came to: the provider's own count, or ours, flagged, where it gave none.

        A request that failed before its first byte used nothing.
        """
        first_token = progress.first_token_at_ms
        usage = Usage() if first_token is None else _usage(self.ask, route, progress, self.hold)
        return Receipt(
            request_id=self.request_id,
            user_id=self.caller.user_id,
            key_id=self.caller.key_id,
            occurred_at=iso(self.now),
            route=route,
            hold=self.hold,
            usage=usage,
            cost_nano_usd=cost_of(usage, route.price),
            outcome=outcome,
            status=status,
            attempts=attempts,
            surface=self.ask.surface,
            stream=self.ask.stream,
            latency_ms=round(self.monotonic() * 1000 - self.started_ms),
            first_token_ms=None if first_token is None else round(first_token - self.started_ms),
        )


def estimated(ask: Ask, route: Route, progress: Progress, hold: Hold) -> Usage:
    """Count of our own: never 0 (but for the output of embeddings), and never over what was held."""
    written = -(-ask.text_bytes // BYTES_PER_TOKEN) + ask.tokens
    counted = max(1, written) + ask.images * _image_tokens(route)
    input_tokens = min(counted, input_bound(ask, route))
    covered = output_tokens_that_fit(
        hold.amount_nano_usd, input_tokens=input_tokens, images=ask.images, price=route.price
    )
    said = -(-progress.output_bytes // BYTES_PER_TOKEN)
    least = 0 if ask.surface == EMBEDDINGS else 1
    return Usage(input_tokens=input_tokens, output_tokens=max(least, min(said, covered)), estimated=True)


def _usage(ask: Ask, route: Route, progress: Progress, hold: Hold) -> Usage:
    return replace(progress.usage or estimated(ask, route, progress, hold), images=ask.images)


def _image_tokens(route: Route) -> int:
    return min(TOKENS_PER_IMAGE, route.via.max_image_tokens)
