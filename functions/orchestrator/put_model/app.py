"""PUT /orchestrator/models/{model}: set a model's routes, limits, abilities or strategy, or add a price; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.edits import put_model
from aggregator.orchestrator.operator_answers import CatalogueEntry
from aggregator.orchestrator.operator_requests import ENTRY, PutModelRequest, order_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()
ModelId = Annotated[str, Path(pattern=ENTRY, description="Id of the model.", examples=["my-model"])]


@app.put("/orchestrator/models/<model>")
def set_model(body: PutModelRequest, model: ModelId) -> CatalogueEntry:
    order = order_of(caller_of(app.current_event), app.current_event.raw_event, clock.now())
    changed = wiring.change(put_model(model, body.to_fields(), order.now), order)
    return CatalogueEntry.of_entry(changed, "models", model)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
