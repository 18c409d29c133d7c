"""PUT /orchestrator/aliases/{alias}: let an alias stand for a model, for everybody; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.edits import put_alias
from aggregator.orchestrator.operator_answers import CatalogueEntry
from aggregator.orchestrator.operator_requests import ENTRY, PutAliasRequest, order_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()
AliasId = Annotated[str, Path(pattern=ENTRY, description="The alias.", examples=["quick"])]


@app.put("/orchestrator/aliases/<alias>")
def set_alias(body: PutAliasRequest, alias: AliasId) -> CatalogueEntry:
    order = order_of(caller_of(app.current_event), app.current_event.raw_event, clock.now())
    changed = wiring.change(put_alias(alias, body.to_entry()), order)
    return CatalogueEntry.of_entry(changed, "aliases", alias)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
