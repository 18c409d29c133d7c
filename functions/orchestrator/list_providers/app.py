"""GET /orchestrator/providers: every provider to the last field, but for its keys, and how it is; admin only."""

from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.operator_answers import CatalogueProviders
from aggregator.proxy.conditions_wiring import conditions_of
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/orchestrator/providers")
def list_providers() -> CatalogueProviders:
    live = wiring.live(caller_of(app.current_event))
    entries = live.body["providers"].values()
    return CatalogueProviders.of(live.version, entries, conditions_of(entries))


handler = serve(app, scope=ADMIN)
