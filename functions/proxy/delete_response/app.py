"""DELETE /v1/responses/{responseId}, and under /proxy/openai: forget a response that is kept."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth.caller import INFERENCE
from aggregator.errors import JsonObject
from aggregator.proxy import kept_wiring
from aggregator.proxy.read_response import delete_response
from aggregator.runtime.http import api, caller_of, serve

app = api()


def forget_response(responseId: Annotated[str, Path(max_length=200)]) -> JsonObject:
    return delete_response(kept_wiring.kept(), caller_of(app.current_event), responseId)


for surface in ("/v1", "/proxy/openai"):
    app.delete(f"{surface}/responses/<responseId>")(forget_response)

handler = serve(app, scope=INFERENCE)
