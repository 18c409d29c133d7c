"""One request's end, as its usage event tells it, with the times that spans and points are made of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from aggregator.contracts.ai_usage import AiUsage
from aggregator.runtime.clock import from_iso
from aggregator.telemetry.conventions import CHAT, EMBEDDINGS, PROVIDERS

WINDOW_MS = 12 * 3600 * 1000
"""What goes out together lies no further apart: CloudWatch takes a day at the most, and a request lasts a while."""

_ERRORS = frozenset({"provider_error", "provider_cut", "deadline", "cancelled"})
"""Outcomes that are errors; a client that left is none."""


@dataclass(frozen=True, slots=True)
class RequestEnd:
    """An event and when it was, in milliseconds since 1970."""

    event: AiUsage
    start_ms: int

    @property
    def end_ms(self) -> int:
        """When its last word had left."""
        return self.start_ms + self.event.latency_ms

    @property
    def operation(self) -> str:
        """The conventions' word for what was asked of the model."""
        return EMBEDDINGS if self.event.surface == "embeddings" else CHAT

    @property
    def provider(self) -> str:
        """The conventions' word for who was asked."""
        return PROVIDERS.get(self.event.provider, self.event.provider)

    @property
    def response_model(self) -> str | None:
        """The model that answered, by the provider's own name; None if none did."""
        return (self.event.upstream_model or self.event.model) if self.answered else None

    @property
    def answered(self) -> bool:
        """Whether anything was said, so that there is something to count."""
        return self.event.time_to_first_token_ms is not None

    @property
    def error(self) -> str | None:
        """What ended it, where that is an error."""
        return self.event.outcome if self.event.outcome in _ERRORS else None


def request_end_of(event: AiUsage) -> RequestEnd:
    """An event with its time.

    Raises:
        ValueError: it does not say when it was.
    """
    return RequestEnd(event, round(from_iso(event.occurred_at).timestamp() * 1000))


def user_hash_of(user_id: str, key: str | None) -> str | None:
    """Who asked, for whoever is not to know: the same 32 hex digits as long as the key is; None without one."""
    if not key:
        return None
    return blake2b(f"telemetry user\n{user_id}".encode(), digest_size=16, key=key.encode()[:64]).hexdigest()


def windows(ends: Iterable[RequestEnd]) -> Iterator[Sequence[RequestEnd]]:
    """The same, oldest first, in groups that lie close enough together for one post."""
    group: list[RequestEnd] = []
    for end in sorted(ends, key=lambda each: each.start_ms):
        if group and end.start_ms - group[0].start_ms > WINDOW_MS:
            yield group
            group = []
        group.append(end)
    if group:
        yield group
