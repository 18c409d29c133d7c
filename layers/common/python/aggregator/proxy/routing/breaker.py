"""Circuit breaker of each route: what fails again and again is left alone for a while. On the hot path.

    closed --5 failures in 30 s, at least half of all tries--> open --30 s--> half-open --a try succeeds--> closed
                                                                 ^----------- a try fails --------------'

A failure that took longer than those 30 s, a provider that fell silent mostly, is as much as three, and no other is
forgotten while it is waited for: an environment serves one request at a time, so that it would never see five.

A route is a provider and its name for the model. Tries are counted in each environment for itself; what is open is
shared between all of them through one small item, read every 5 seconds at most, and written when something opens,
comes up for a try, or closes. So a healthy request costs no call but that read, one with a single route not even that.

Half-open is who holds the claim: the environment whose conditional write moved the end of the opening. It lets one
request through, and moves the end once more by failing, or takes the opening away by succeeding.

Nobody is refused because a circuit is open: where all routes of a request are, the one that opened first is tried.
What the table cannot tell or take is lost: a breaker must not become the fault that it is there to contain.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from aggregator.proxy.model import Route
from aggregator.runtime import log
from aggregator.runtime.aws import AwsError

FAILURES = 5
WINDOW_SECONDS = 30
OPEN_SECONDS = 30
READ_SECONDS = 5
SLOW_COUNTS = 3

_MOST_TRIES = 50


class Opened(NamedTuple):
    """A circuit that is open: since when, and until when nobody tries; in seconds since the epoch."""

    since: int
    until: int


class OpenCircuits(Protocol):
    """What the environments know together; every method may raise AwsError."""

    def opened(self) -> dict[str, Opened]:
        """All circuits that are open, by the name of their route."""
        ...

    def open(self, name: str, opened: Opened, now: float) -> None:
        """Open a circuit, or move its end."""
        ...

    def claim(self, name: str, seen: Opened, next_: Opened, now: float) -> bool:
        """Move the end of an opening from where it was seen; False, and nothing, if somebody else did."""
        ...

    def close(self, name: str) -> None:
        """Close a circuit."""
        ...


class Breaker:
    """The circuits of one environment."""

    def __init__(self, shared: OpenCircuits, clock: Callable[[], float]) -> None:
        self._shared = shared
        self._clock = clock
        self._opened: dict[str, Opened] = {}
        self._tries: dict[str, deque[tuple[float, bool]]] = {}
        self._read_at = float("-inf")

    def refresh(self) -> bool:
        """Learn what others opened and closed, if it is time to; whether that was a call."""
        now = self._clock()
        if now - self._read_at < READ_SECONDS:
            return False
        self._read_at = now
        try:
            self._opened = self._shared.opened()
        except AwsError as unread:
            log.warning("circuits_unread", code=unread.code)
        return True

    def sift(self, routes: Sequence[Route]) -> tuple[list[Route], list[Route]]:
        """Of ranked routes, those to try and those to leave alone; there is always one to try.

        A route whose time is over is kept as a fallback; as the first one it is kept by who wins the claim.
        """
        if len(routes) == 1:
            return list(routes), []
        now = self._clock()
        kept: list[Route] = []
        skipped: list[Route] = []
        for route in routes:
            opened = self._opened.get(route.name)
            may = opened is None or (now >= opened.until and (bool(kept) or self._claim(route.name, opened)))
            (kept if may else skipped).append(route)
        if not kept:
            kept = [min(skipped, key=lambda route: self._opened[route.name].since)]
            skipped = [route for route in skipped if route is not kept[0]]
        return kept, skipped

    def answered(self, route: Route) -> None:
        """A route began to answer: its circuit is closed."""
        name = route.name
        self._note(name, ok=True)
        if self._opened.pop(name, None) is not None:
            self._tell("circuit_closed", name, lambda: self._shared.close(name))

    def failed(self, route: Route, seconds: float = 0.0) -> bool:
        """A route failed, after so long: whether its circuit is open now, so that it is not worth another try."""
        now = self._clock()
        if seconds > WINDOW_SECONDS:
            self._keep_for(route.name, seconds)
        tries = self._note(route.name, ok=False)
        opened = self._opened.get(route.name)
        if opened is not None and now < opened.until:
            return True
        failures = sum(not ok for _, ok in tries)
        if opened is None and (failures < FAILURES or 2 * failures < len(tries)):
            return False
        since = int(now) if opened is None else opened.since
        again = self._opened[route.name] = Opened(since, int(now) + OPEN_SECONDS)
        self._tries.pop(route.name, None)
        self._tell("circuit_opened", route.name, lambda: self._shared.open(route.name, again, now))
        return True

    def _note(self, name: str, *, ok: bool) -> deque[tuple[float, bool]]:
        now = self._clock()
        tries = self._tries.setdefault(name, deque(maxlen=_MOST_TRIES))
        tries.append((now, ok))
        while now - tries[0][0] > WINDOW_SECONDS:
            tries.popleft()
        return tries

    def _keep_for(self, name: str, seconds: float) -> None:
        """Forget nothing of what was before a wait of so long, and note it for all but one of what it counts for."""
        before = self._tries.get(name, ())
        kept = [(at + seconds, ok) for at, ok in before]
        slow = [(self._clock(), False)] * (SLOW_COUNTS - 1)
        self._tries[name] = deque(kept + slow, maxlen=_MOST_TRIES)

    def _claim(self, name: str, seen: Opened) -> bool:
        now = self._clock()
        claimed = Opened(seen.since, int(now) + OPEN_SECONDS)
        try:
            ours = self._shared.claim(name, seen, claimed, now)
        except AwsError as lost:
            log.warning("circuit_unclaimed", route=name, code=lost.code)
            ours = True
        # Who lost asks again when it has read what became of it, not at the next request.
        self._opened[name] = claimed if ours else Opened(seen.since, int(now) + READ_SECONDS)
        if ours:
            log.info("circuit_half_open", route=name)
        return ours

    def _tell(self, what: str, name: str, write: Callable[[], None]) -> None:
        log.warning(what, route=name)
        log.count("CircuitsOpened" if what == "circuit_opened" else "CircuitsClosed")
        try:
            write()
        except AwsError as lost:
            log.warning("circuit_untold", route=name, code=lost.code)
