"""How long a request is, by an estimate: no provider is called, nothing charged."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.errors import JsonObject, ModelNotFound
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.admission import admitted
from aggregator.proxy.body import body_of
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.edge import guarded, plain_answer
from aggregator.proxy.model import Ask
from aggregator.runtime import clock
from aggregator.runtime.request import Event, source_ip_of
from aggregator.runtime.streaming import StreamingResponse


def counting(
    surface: Surface,
    taken: Callable[[JsonObject], Ask],
    estimated: Callable[[Ask], int],
    catalogue: Callable[[datetime], Catalogue],
) -> Callable[[Any, Any], StreamingResponse]:
    """Lambda handler that reads a request as `taken` does; `catalogue` is the one in force at a moment."""

    def answer(event: Event, _context: Any, request_id: str) -> StreamingResponse:
        now = clock.now()
        caller, ask = Caller.from_event(event), taken(body_of(event))
        source_ip = source_ip_of(event)
        model = admitted(caller, ask.model, catalogue=catalogue(now), source_ip=source_ip, now=now).model
        if not model.max_output_tokens:
            raise ModelNotFound(f"The model '{ask.model}' does not complete chats.", param="model")
        return plain_answer({"input_tokens": estimated(ask)}, request_id)

    return guarded(surface, answer)
