"""Which routes a request takes, and what is learned from it. On the hot path; at most one AWS call, when one is due."""

from collections.abc import Sequence

from aggregator.orchestrator.model import LATENCY
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.routing.breaker import Breaker
from aggregator.proxy.routing.latency import FAILED_MS, Latencies
from aggregator.proxy.routing.ranking import ranked


class Switchboard:
    """The circuits and latencies of one environment."""

    def __init__(self, breaker: Breaker, latencies: Latencies) -> None:
        self._breaker = breaker
        self._latencies = latencies

    def choose(self, routes: Sequence[Route], *, ask: Ask, seed: str, wanted: str | None) -> list[Route]:
        """Rank routes and leave out those whose circuit is open; `wanted` is the strategy the request asks for, if any.

        Each route says by which strategy it was ranked, and which providers were left out.
        """
        strategy = wanted or routes[0].strategy
        if len(routes) == 1:  # nothing to rank, and it is tried whatever its circuit is
            return [Route(routes[0].via, routes[0].price, strategy)]
        if not self._breaker.refresh() and strategy == LATENCY:
            self._latencies.exchange()
        order = ranked(
            strategy, routes, ask=ask, seed=seed, measured=lambda route: self._latencies.of(route, ask)
        )
        kept, skipped = self._breaker.sift(order)
        left_out = tuple(route.provider.id for route in skipped)
        return [Route(route.via, route.price, strategy, left_out) for route in kept]

    def answered(self, route: Route, ask: Ask, milliseconds: float) -> None:
        """A route began to answer, after so long."""
        self._breaker.answered(route)
        self._latencies.note(route, ask, milliseconds)

    def failed(self, route: Route, ask: Ask, seconds: float) -> bool:
        """A route failed, after so long: whether it is not worth another try."""
        self._latencies.note(route, ask, FAILED_MS)
        return self._breaker.failed(route, seconds)
