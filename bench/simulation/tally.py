"""What a run counts."""

from collections import Counter
from dataclasses import dataclass, field

SERVED = "served"
GATEWAY_THROTTLED = "gateway: throttled"


@dataclass(slots=True)
class Tally:
    """Counts and samples of a run, after its warm-up; `ends` is by what a request came to."""

    ends: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    added_ms: list[float] = field(default_factory=list)
    cold_added_ms: list[float] = field(default_factory=list)
    queue_ages: list[float] = field(default_factory=list)
    held_shares: list[float] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    backlog: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    seconds_run: float = 0.0
    settle_seconds_run: float = 0.0

    @property
    def arrived(self) -> int:
        """Requests that came, whatever they came to."""
        return sum(self.ends.values())
