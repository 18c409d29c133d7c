"""POST /billing/topups: make a page to pay at, by Stripe; the credit is booked once it is paid."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.payments import wiring
from aggregator.payments.api import Topup, TopupRequest
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/billing/topups", status_code=201)
def create_topup(body: TopupRequest) -> Topup:
    caller = caller_of(app.current_event)
    user_id = body.user_id or caller.user_id
    caller.require_user(user_id)
    return wiring.start_topup(user_id, body.cents, app.current_event.raw_event)


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
