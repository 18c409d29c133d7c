"""GET /billing/transactions/{userId}: a statement, as JSON or (Accept: text/csv) as CSV."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import BILLING_READ
from aggregator.billing import wiring
from aggregator.billing.statement import Statement, StatementQuery, statement
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, negotiated, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.get("/billing/transactions/<userId>")
def list_transactions(
    userId: UserIdInPath, query: Annotated[StatementQuery, Query()]
) -> Response[Statement | str]:
    caller_of(app.current_event).require_user(userId)
    page = statement(wiring.store(), userId, query, clock.now())
    return negotiated(app.current_event, page, {"text/csv": page.to_csv})


handler = serve(app, scope=BILLING_READ)
