"""GET /billing/requests: a user's requests with what each used and cost, newest first."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import BILLING_READ
from aggregator.billing import wiring
from aggregator.billing.requests import Requests, RequestsQuery, requests
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/billing/requests")
def list_requests(query: Annotated[RequestsQuery, Query()]) -> Requests:
    caller = caller_of(app.current_event)
    user_id = query.user_id or caller.wallet_id
    caller.require_wallet(user_id)
    return requests(wiring.store(), user_id, query, clock.now())


handler = serve(app, scope=BILLING_READ)
