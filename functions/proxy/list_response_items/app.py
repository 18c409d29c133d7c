"""GET /v1/responses/{responseId}/input_items, and under /proxy/openai: what led to a response that is kept."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from aggregator.auth.caller import INFERENCE
from aggregator.errors import JsonObject
from aggregator.orchestrator import wiring as orchestrator
from aggregator.proxy import kept_wiring
from aggregator.proxy.read_response import input_items, read_response
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


def list_items(
    responseId: Annotated[str, Path(max_length=200)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Annotated[Literal["asc", "desc"], Query()] = "desc",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> JsonObject:
    caller = caller_of(app.current_event)
    found = read_response(
        kept_wiring.kept(), caller, responseId, catalogue=orchestrator.catalogue, now=clock.now()
    )
    return input_items(found, limit=limit, newest_first=order == "desc", after=after)


for surface in ("/v1", "/proxy/openai"):
    app.get(f"{surface}/responses/<responseId>/input_items")(list_items)

handler = serve(app, scope=INFERENCE, other_queries=True)  # clients ask what to include; all of it is
