"""GET /orchestrator/providers: every provider to the last field, but for its keys; admin only."""

from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.operator_answers import CatalogueEntries
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/orchestrator/providers")
def list_providers() -> CatalogueEntries:
    live = wiring.live(caller_of(app.current_event))
    return CatalogueEntries.of(live.version, live.body["providers"].values())


handler = serve(app, scope=ADMIN)
