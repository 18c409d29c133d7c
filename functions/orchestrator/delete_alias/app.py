"""DELETE /orchestrator/aliases/{alias}: take an alias away from everybody; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.edits import delete_alias
from aggregator.orchestrator.operator_answers import CatalogueVersion
from aggregator.orchestrator.operator_requests import ENTRY, order_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()
AliasId = Annotated[str, Path(pattern=ENTRY, description="The alias.", examples=["quick"])]


@app.delete("/orchestrator/aliases/<alias>")
def remove_alias(alias: AliasId) -> CatalogueVersion:
    order = order_of(caller_of(app.current_event), app.current_event.raw_event, clock.now())
    return CatalogueVersion.of(wiring.change(delete_alias(alias), order))


handler = serve(app, scope=ADMIN, present=keys.present_caller)
