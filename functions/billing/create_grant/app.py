"""POST /billing/grants: give credit that ends; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.billing import wiring
from aggregator.billing.grants_api import Grant, GrantRequest, grant_order_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, serve

app = api()


@app.post("/billing/grants", status_code=201)
def create_grant(body: GrantRequest) -> Grant:
    if body.team_id is not None:
        wiring.require_team(body.team_id)
    given = wiring.give(grant_order_of(body, app.current_event.raw_event)).given
    return Grant.of(given, wiring.purse_of(given.user_id), clock.now())


handler = serve(app, scope=ADMIN, present=keys.present_caller)
