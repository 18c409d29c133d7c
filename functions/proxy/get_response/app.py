"""GET /v1/responses/{responseId}, and under /proxy/openai: a response that is kept for its user."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from aggregator.auth.caller import INFERENCE
from aggregator.errors import JsonObject, UnsupportedParameter
from aggregator.orchestrator import wiring as orchestrator
from aggregator.proxy import kept_wiring
from aggregator.proxy.read_response import read_response
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


def get_response(
    responseId: Annotated[str, Path(max_length=200)], stream: Annotated[bool, Query()] = False
) -> JsonObject:
    if stream:
        raise UnsupportedParameter("stream: a kept response is given whole", param="stream")
    caller = caller_of(app.current_event)
    found = read_response(
        kept_wiring.kept(), caller, responseId, catalogue=orchestrator.catalogue, now=clock.now()
    )
    return found.response


for surface in ("/v1", "/proxy/openai"):
    app.get(f"{surface}/responses/<responseId>")(get_response)

handler = serve(app, scope=INFERENCE, other_queries=True)  # clients ask what to include; all of it is
