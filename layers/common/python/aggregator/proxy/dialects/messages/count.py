"""POST .../messages/count_tokens: how long a request is, by an estimate. No provider is called, nothing charged."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.errors import ModelNotFound
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.admission import admitted
from aggregator.proxy.body import body_of
from aggregator.proxy.dialects.messages.client import MESSAGES, REQUEST_ID_HEADER
from aggregator.proxy.dialects.messages.from_client import taken
from aggregator.proxy.dialects.messages.tokens import estimated_tokens
from aggregator.proxy.edge import guarded
from aggregator.runtime import clock
from aggregator.runtime.request import Event, source_ip_of
from aggregator.runtime.streaming import StreamingResponse


def counting(catalogue: Callable[[datetime], Catalogue]) -> Callable[[Any, Any], StreamingResponse]:
    """Lambda handler of the route; `catalogue` is the one in force at a moment."""

    def answer(event: Event, _context: Any, request_id: str) -> StreamingResponse:
        now = clock.now()
        caller, ask = Caller.from_event(event), taken(body_of(event))
        source_ip = source_ip_of(event)
        model = admitted(caller, ask.model, catalogue=catalogue(now), source_ip=source_ip, now=now).model
        if not model.max_output_tokens:
            raise ModelNotFound(f"The model '{ask.model}' does not complete chats.", param="model")
        headers = {
            "Content-Type": "application/json",
            "Cache-Control": "no-cache",
            "x-request-id": request_id,
            REQUEST_ID_HEADER: request_id,
        }
        body = json.dumps({"input_tokens": estimated_tokens(ask)}).encode()
        return StreamingResponse(200, headers, [body])

    return guarded(MESSAGES, answer)
