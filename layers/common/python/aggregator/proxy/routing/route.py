"""Route: who may call what, and over which ways, with the prices in force. No AWS call while the catalogue is warm."""

from collections.abc import Sequence
from datetime import datetime

from aggregator.auth.caller import Caller
from aggregator.errors import (
    ModelNotFound,
    ProviderUnavailable,
    UnsupportedParameter,
)
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.model import Selection
from aggregator.proxy.admission import admitted
from aggregator.proxy.call import Keys
from aggregator.proxy.dialects import lanes
from aggregator.proxy.model import Ask, Route
from aggregator.runtime.clock import iso


def routes_for(
    caller: Caller, ask: Ask, *, catalogue: Catalogue, keys: Keys, source_ip: str, now: datetime
) -> list[Route]:
    """The routes that this request may take, in the order to try them.

    Raises:
        Refusal: the caller may not call this, no such model, nothing on any route can honour a field of the request,
            or no route's provider has been set up.
    """
    selection = admitted(caller, ask.model, catalogue=catalogue, source_ip=source_ip, now=now)
    able = _able(ask, _of_kind(ask, selection))
    ready = [route for route in able if route.provider.keyless or keys.of(route.provider.secret)]
    if not ready:
        raise ProviderUnavailable(f"No provider of the model '{selection.model.id}' is set up here.")
    moment = iso(now)
    priced = [
        Route(route, price.scaled(caller.price_percent), selection.strategy)
        for route in ready
        if (price := route.price_in_force(moment)) is not None
    ]
    if not priced:
        raise ModelNotFound(f"The model '{selection.model.id}' has no price in force yet.", param="model")
    if caller.plan is not None:
        priced = [route._replace(price=caller.plan.priced(route.price)) for route in priced]
    if ask.hosted is not None or ask.service_tier:
        from aggregator.proxy.dialects.payable import payable  # noqa: PLC0415 (few requests ask for such)

        return payable(ask, priced)
    return priced


def _of_kind(ask: Ask, selection: Selection) -> Sequence[CatalogueRoute]:
    """Routes on which the model does what the surface asks for."""
    if ask.has_output:
        if not selection.model.max_output_tokens:
            raise ModelNotFound(f"The model '{ask.model}' does not complete chats.", param="model")
        return selection.routes
    routes = [
        route
        for route in selection.routes
        if route.can("embeddings") and lanes.is_spoken(route.provider.protocol, ask.surface)
    ]
    if not routes:
        raise ModelNotFound(f"The model '{ask.model}' does not make embeddings here.", param="model")
    return routes


def _able(ask: Ask, routes: Sequence[CatalogueRoute]) -> list[CatalogueRoute]:
    """Routes that can honour all of the request; what none can is refused by name."""

    def check(route: CatalogueRoute) -> None:
        lanes.check(ask, route)
        _require_vision(ask, route)

    return lanes.passing(routes, check)


def _require_vision(ask: Ask, route: CatalogueRoute) -> None:
    shown = ask.images or (ask.files and any(file.shown for file in ask.files))
    if shown and not route.can("vision"):
        raise UnsupportedParameter(f"The model '{route.model_id}' does not take images.", param="messages")
