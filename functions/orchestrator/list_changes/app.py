"""GET /orchestrator/changes: what was changed in the catalogue, by whom and when, newest first; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.orchestrator import wiring
from aggregator.orchestrator.operator_answers import MAX_CHANGES, CatalogueChanges
from aggregator.orchestrator.operator_requests import ENTRY
from aggregator.orchestrator.operator_view import changes
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/orchestrator/changes")
def list_changes(
    model: Annotated[str | None, Query(pattern=ENTRY, description="Only changes of this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_CHANGES)] = 20,
    cursor: Annotated[int | None, Query(ge=1, le=99_999_999)] = None,
) -> CatalogueChanges:
    by, entry = caller_of(app.current_event), None if model is None else f"model {model}"
    return CatalogueChanges.of(changes(by, wiring.store(), limit=limit, before=cursor, entry=entry), limit)


handler = serve(app, scope=ADMIN)
