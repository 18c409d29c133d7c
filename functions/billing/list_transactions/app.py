"""GET /billing/transactions/{userId}: a statement, as JSON or (Accept: text/csv) as CSV."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import BILLING_READ
from aggregator.billing import wiring
from aggregator.billing.statement import Statement, StatementQuery, statement
from aggregator.billing.statement_csv import statement_csv
from aggregator.runtime import clock
from aggregator.runtime.http import Text, api, caller_of, negotiated, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.get("/billing/transactions/<userId>")
def list_transactions(
    userId: UserIdInPath, query: Annotated[StatementQuery, Query()]
) -> Response[Statement | str]:
    caller_of(app.current_event).require_wallet(userId)

    def as_json() -> Statement:
        return statement(wiring.store(), userId, query, clock.now())

    def as_csv() -> Text:
        found = statement_csv(wiring.store(), userId, query, clock.now(), clock.monotonic_ms)
        return Text(found.text, found.headers)

    return negotiated(app.current_event, as_json, {"text/csv": as_csv})


handler = serve(app, scope=BILLING_READ)
