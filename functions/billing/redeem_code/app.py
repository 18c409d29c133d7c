"""POST /billing/codes/redeem: a grant for who has a promo code, once."""

from aggregator.auth.caller import BILLING_READ
from aggregator.billing.codes import wiring
from aggregator.billing.codes.api import RedeemRequest, redemption_of
from aggregator.billing.grants_api import Grant
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/billing/codes/redeem", status_code=201)
def redeem_code(body: RedeemRequest) -> Grant:
    caller = caller_of(app.current_event)
    return wiring.redeem(redemption_of(body, caller.user_id, app.current_event.raw_event))


handler = serve(app, scope=BILLING_READ)
