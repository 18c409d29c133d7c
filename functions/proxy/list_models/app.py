"""GET /v1/models, and the same for the other base URLs: what can be called, as OpenAI and Anthropic list it."""

from aggregator.auth.caller import MODELS_READ
from aggregator.billing.plans import wiring as plans
from aggregator.orchestrator import wiring
from aggregator.orchestrator.api import ApiModel, ApiModelList
from aggregator.orchestrator.list_models import list_models, read_model
from aggregator.runtime.http import api, caller_of, serve

app = api()


def get_models() -> ApiModelList:
    return ApiModelList.of(list_models(wiring.catalogue(), plans.on_its_plan(caller_of(app.current_event))))


def get_model(model: str = "") -> ApiModel:
    name = model or app.current_event.path.partition("/models/")[2]  # a name may hold slashes
    return ApiModel.of(read_model(wiring.catalogue(), plans.on_its_plan(caller_of(app.current_event)), name))


for surface in ("/v1", "/proxy/openai", "/proxy/anthropic/v1"):
    app.get(f"{surface}/models")(get_models)
    app.get(f"{surface}/models/<model>")(get_model)
    app.get(f"{surface}/models/.+/.+", include_in_schema=False)(get_model)

handler = serve(app, scope=MODELS_READ, other_queries=True)  # Anthropic's clients ask for pages
