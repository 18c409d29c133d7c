"""PUT /orchestrator/providers/{provider}: set where and how a provider is reached; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.edits import put_provider
from aggregator.orchestrator.operator_answers import CatalogueEntry
from aggregator.orchestrator.operator_requests import ENTRY, PutProviderRequest, order_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()
ProviderId = Annotated[str, Path(pattern=ENTRY, description="Id of the provider.", examples=["my-llm"])]


@app.put("/orchestrator/providers/<provider>")
def set_provider(body: PutProviderRequest, provider: ProviderId) -> CatalogueEntry:
    order = order_of(caller_of(app.current_event), app.current_event.raw_event, clock.now())
    edit = put_provider(provider, body.to_fields(), this_machine=wiring.is_local())
    return CatalogueEntry.of_entry(wiring.change(edit, order), "providers", provider)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
