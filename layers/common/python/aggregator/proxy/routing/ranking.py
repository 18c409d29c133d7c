"""Rank: in which order the routes of a model are tried. Standard library only, and pure.

| strategy   | first comes                                                                                             |
|------------|---------------------------------------------------------------------------------------------------------|
| `priority` | the lowest `order`; within one, the greatest `weight`                                                   |
| `weighted` | the lowest `order`; within one, each route as often as its `weight` says                                |
| `cheapest` | the lowest price for this request, at its bound                                                         |
| `latency`  | the fastest so far; one nobody measured comes before all, and one request in 20 tries any, to learn     |

Every ranking holds every route, so that all of them are there to fall back on. What is left to chance hangs on the
request's id alone: the same request is always ranked alike.
"""

import math
from collections.abc import Callable, Sequence
from hashlib import sha256

from aggregator.billing.cost import most_it_can_cost
from aggregator.orchestrator.model import CHEAPEST, LATENCY, PRIORITY, WEIGHTED
from aggregator.proxy.bound import input_bound
from aggregator.proxy.model import Ask, Route

ONE_IN_LEARNS = 20

Measured = Callable[[Route], float | None]


def ranked(strategy: str, routes: Sequence[Route], *, ask: Ask, seed: str, measured: Measured) -> list[Route]:
    """All of `routes`, in the order to try them; they come by `order` and `weight`.

    `seed` is the request's id; `measured` tells how long a route takes, in milliseconds, or None.

    Raises:
        KeyError: there is no such strategy.
    """
    rankings: dict[str, Callable[[], list[Route]]] = {
        PRIORITY: lambda: list(routes),
        WEIGHTED: lambda: by_weight(routes, seed),
        CHEAPEST: lambda: by_cost(routes, ask),
        LATENCY: lambda: by_latency(routes, seed, measured),
    }
    return rankings[strategy]()


def by_weight(routes: Sequence[Route], seed: str) -> list[Route]:
    """Within one order, each route comes first with the chance that its weight has among them, and so on.

    Exponential sort keys: Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006).
    """
    return sorted(
        routes,
        key=lambda route: (route.via.order, -math.log(_chance(seed, route)) / route.via.weight),
    )


def by_cost(routes: Sequence[Route], ask: Ask) -> list[Route]:
    """The cheapest first, each at the same number of output tokens: the least that any of them is capped to."""
    least = min(route.via.max_output_tokens for route in routes)
    output_tokens = min(ask.max_output_tokens or least, least)

    def cost(route: Route) -> int:
        return most_it_can_cost(
            input_tokens=input_bound(ask, route),
            output_tokens=output_tokens * ask.choices if ask.has_output else 0,
            images=ask.images,
            price=route.price,
        )

    return sorted(routes, key=cost)


def by_latency(routes: Sequence[Route], seed: str, measured: Measured) -> list[Route]:
    """The fastest first; those that nobody measured before them."""
    fastest = sorted(routes, key=lambda route: measured(route) or 0.0)
    number = int.from_bytes(sha256(seed.encode()).digest()[:4], "big")
    if number % ONE_IN_LEARNS:
        return fastest
    tried = fastest[number // ONE_IN_LEARNS % len(fastest)]
    return [tried, *(route for route in fastest if route is not tried)]


def _chance(seed: str, route: Route) -> float:
    """A number over 0 and up to 1 that hangs on the request and the route alone."""
    digest = sha256(f"{seed}\n{route.name}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") + 1) / 2**64
