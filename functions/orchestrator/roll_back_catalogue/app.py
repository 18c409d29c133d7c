"""POST /orchestrator/rollback: make a new version of the catalogue that is as an old one was; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.operator_answers import CatalogueVersion
from aggregator.orchestrator.operator_requests import RollBackRequest, order_of
from aggregator.orchestrator.operator_view import back_to
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/orchestrator/rollback")
def roll_back_catalogue(body: RollBackRequest) -> CatalogueVersion:
    order = order_of(caller_of(app.current_event), app.current_event.raw_event, clock.now())
    edit = back_to(body.version, order.by, wiring.store())
    return CatalogueVersion.of(wiring.change(edit, order))


handler = serve(app, scope=ADMIN, present=keys.present_caller)
