"""Routes by what they have a price for: hosted tools that are demanded, and service tiers. Standard library only.

Imported only for requests that ask for one of these; what no route has a price for is refused before money is held.
"""

from collections.abc import Iterable
from functools import partial

from aggregator.errors import UnsupportedParameter
from aggregator.proxy.dialects.hosted import offered
from aggregator.proxy.dialects.lanes import passing
from aggregator.proxy.model import Ask, Route


def payable(ask: Ask, routes: Iterable[Route]) -> list[Route]:
    """The routes on which all that the request demands has a price.

    Raises:
        UnsupportedParameter: there is none; names the field.
    """
    return passing(routes, partial(_require_prices, ask))


def _require_prices(ask: Ask, route: Route) -> None:
    if ask.hosted is not None and ask.hosted.demanded:
        kinds = {tool.kind for tool in offered(ask, route)}
        if not kinds & ask.hosted.demanded:
            raise ask.hosted.refusal()
    tiers = {name for name, _ in route.price.service_tiers}
    if ask.service_tier and ask.service_tier not in tiers:
        also = "".join(f", '{name}'" for name in sorted(tiers))
        raise UnsupportedParameter(
            f"service_tier: '{ask.service_tier}' has no price here; 'auto', 'default'{also} are offered",
            param="service_tier",
        )
