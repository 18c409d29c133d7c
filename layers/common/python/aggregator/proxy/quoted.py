"""How a quote reads a request and finds its routes: by the surfaces and rules of the walk. Standard library only."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from aggregator.auth.caller import Caller
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.admission import Admit
from aggregator.proxy.call import Keys
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.edge import asked
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.routing.ranking import ranked
from aggregator.proxy.routing.route import routes_for
from aggregator.runtime import clock
from aggregator.runtime.request import Event

if TYPE_CHECKING:
    from aggregator.proxy.answers.kept_responses import KeptResponses

_SURFACES = {
    "/v1/chat/completions": "chat",
    "/v1/responses": "responses",
    "/v1/messages": "messages",
    "/v1/embeddings": "embeddings",
}


def surfaces() -> Mapping[str, Callable[[], Surface]]:
    """By the path that a request is for, who reads it; imported when first needed."""
    return {path: partial(lanes.surface_of, dialect) for path, dialect in _SURFACES.items()}


def ranked_routes(
    catalogue: Callable[[], Catalogue], keys: Keys
) -> Callable[[Caller, Ask, str], Sequence[Route]]:
    """The routes of a request as they would be tried, without what is known of failures and speed at this moment."""

    def route(caller: Caller, ask: Ask, source_ip: str) -> Sequence[Route]:
        routes = routes_for(
            caller, ask, catalogue=catalogue(), keys=keys, source_ip=source_ip, now=clock.now()
        )
        return ranked(routes[0].strategy, routes, ask=ask, seed=ask.user_id, measured=lambda _: None)

    return route


def read_as(kept: "Callable[[], KeptResponses]", admit: Admit) -> Callable[[Surface, Event, Caller], Ask]:
    """Read a request as its surface does, with what it goes on from."""

    def read(surface: Surface, event: Event, caller: Caller) -> Ask:
        return asked(surface, event, caller, admit=admit, kept=kept, now=clock.now())

    return read
