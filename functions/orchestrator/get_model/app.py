"""GET /orchestrator/models/{model}: a model to the last field, with every version of its prices; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.operator_answers import CatalogueEntry
from aggregator.orchestrator.operator_requests import ENTRY
from aggregator.runtime.http import api, caller_of, serve

app = api()
ModelId = Annotated[str, Path(pattern=ENTRY, description="Id of the model.", examples=["gpt-4o-mini"])]


@app.get("/orchestrator/models/<model>")
def get_model(model: ModelId) -> CatalogueEntry:
    return CatalogueEntry.of_entry(wiring.live(caller_of(app.current_event)), "models", model)


handler = serve(app, scope=ADMIN)
