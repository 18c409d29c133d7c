"""PUT /billing/topups/automatic: agree to automatic top-ups; `url` is a page to give a card at, where one is needed."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.payments import wiring
from aggregator.payments.api import AutomaticRequest, AutomaticTopups
from aggregator.payments.automatic import day_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.put("/billing/topups/automatic")
def set_automatic_topups(body: AutomaticRequest) -> AutomaticTopups:
    caller = caller_of(app.current_event)
    user_id = body.user_id or caller.user_id
    caller.require_user(user_id)
    standing, url = wiring.agree(user_id, body.agreed, app.current_event.raw_event, new_card=body.new_card)
    return AutomaticTopups.of(standing, day_of(clock.now()), url)


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
