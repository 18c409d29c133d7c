"""GET /orchestrator/models: what can be called, with prices and limits."""

from aggregator.auth.caller import MODELS_READ
from aggregator.billing.plans import wiring as plans
from aggregator.orchestrator import wiring
from aggregator.orchestrator.api import Capability, ModelList
from aggregator.orchestrator.list_models import list_models
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/orchestrator/models")
def get_models(provider: str | None = None, capability: Capability | None = None) -> ModelList:
    catalogue = wiring.catalogue()
    caller = plans.on_its_plan(caller_of(app.current_event))
    models = list_models(catalogue, caller, provider=provider, capability=capability)
    return ModelList.of(models, catalogue, clock.now(), caller)


handler = serve(app, scope=MODELS_READ)
