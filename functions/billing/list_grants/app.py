"""GET /billing/grants: what was given, what is left of it, and when it ends."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import BILLING_READ
from aggregator.billing import wiring
from aggregator.billing.grants_api import Grants, GrantsQuery, grants
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/billing/grants")
def list_grants(query: Annotated[GrantsQuery, Query()]) -> Grants:
    caller = caller_of(app.current_event)
    user_id = query.user_id or caller.wallet_id
    caller.require_wallet(user_id)
    return grants(user_id, wiring.store().all_given(user_id), wiring.purse_of(user_id), clock.now())


handler = serve(app, scope=BILLING_READ)
