"""GET /billing/focus: a month of a ledger as a bill in CSV, as FOCUS 1.2 has it."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import BILLING_READ
from aggregator.billing.focus import wiring
from aggregator.billing.focus.bill import FocusQuery
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/billing/focus")
def get_focus(query: Annotated[FocusQuery, Query()]) -> Response[str]:
    found = wiring.focus_bill(query, by=caller_of(app.current_event))
    return Response(200, "text/csv; charset=utf-8", found.text, headers=found.headers)


handler = serve(app, scope=BILLING_READ)
