"""GET /billing/balance/{userId}: what a user has, free and held."""

from aggregator.auth.caller import BILLING_READ
from aggregator.billing import wiring
from aggregator.billing.api import Balance
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.get("/billing/balance/<userId>")
def get_balance(userId: UserIdInPath) -> Balance:
    caller_of(app.current_event).require_wallet(userId)
    return Balance.of(wiring.store().account(userId), clock.now().timestamp())


handler = serve(app, scope=BILLING_READ)
