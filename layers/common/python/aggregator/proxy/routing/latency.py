"""How long each route takes to its first token, or to a whole answer where it is not streamed. On the hot path.

Each environment keeps a moving average of what it saw itself, which costs nothing. Only where requests ask for the
strategy `latency` does it exchange them with the others: every 30 seconds at most, in one call, which writes too if it
has news: an average a fifth away from the one that is known. Two that write at once lose one of the two: the next
exchange mends it. What the table cannot tell or take is lost.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from aggregator.proxy.model import Ask, Route
from aggregator.runtime import log
from aggregator.runtime.aws import AwsError

EXCHANGE_SECONDS = 30
FAILED_MS = 60_000
"""What a failure counts for: a route that fails is not fast, however soon it says so."""

_SHARE_OF_THE_NEW = 0.2
_NEWS = 0.2


class SharedLatencies(Protocol):
    """What the environments measured together; may raise AwsError."""

    def exchanged(self, news: Mapping[str, int], now: float) -> dict[str, int]:
        """Write `news`, if there are some; all averages after it, in milliseconds."""
        ...


class Latencies:
    """What one environment knows of how fast routes are, in milliseconds."""

    def __init__(self, shared: SharedLatencies, clock: Callable[[], float]) -> None:
        self._shared = shared
        self._clock = clock
        self._own: dict[str, float] = {}
        self._known: dict[str, int] = {}
        self._exchanged_at = float("-inf")

    def note(self, route: Route, ask: Ask, milliseconds: float) -> None:
        """A try took so long."""
        name = _name(route, ask)
        before = self._of(name)
        self._own[name] = (
            milliseconds if before is None else before + _SHARE_OF_THE_NEW * (milliseconds - before)
        )

    def of(self, route: Route, ask: Ask) -> float | None:
        """How long a route takes for requests like this one; None if nobody measured it."""
        return self._of(_name(route, ask))

    def _of(self, name: str) -> float | None:
        return self._own.get(name, self._known.get(name))

    def exchange(self) -> bool:
        """Tell what is news and learn what others measured, if it is time to; whether that was a call."""
        now = self._clock()
        if now - self._exchanged_at < EXCHANGE_SECONDS:
            return False
        self._exchanged_at = now
        news = {name: round(own) for name, own in self._own.items() if self._is_news(name, own)}
        try:
            self._known = self._shared.exchanged(news, now)
        except AwsError as lost:
            log.warning("latencies_not_exchanged", code=lost.code)
        else:
            self._own = {}
        return True

    def _is_news(self, name: str, own: float) -> bool:
        known = self._known.get(name)
        return known is None or abs(own - known) > _NEWS * known


def _name(route: Route, ask: Ask) -> str:
    """A whole answer takes longer than a first token, so the two are not mixed."""
    return route.name if ask.stream else f"{route.name} {ask.surface}"
