"""GET /billing/reconciliations: what the daily reconcile came to, newest first; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.billing import operator_wiring as wiring
from aggregator.billing.reconciled import Reconciliations, ReconciliationsQuery
from aggregator.runtime.http import api, serve

app = api()


@app.get("/billing/reconciliations")
def list_reconciliations(query: Annotated[ReconciliationsQuery, Query()]) -> Reconciliations:
    return wiring.last_reconciliations(query)


handler = serve(app, scope=ADMIN)
