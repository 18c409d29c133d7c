"""DELETE /billing/topups/automatic: charge nothing automatically any more; Stripe forgets the card."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.payments import wiring
from aggregator.payments.api import AutomaticTopups
from aggregator.payments.automatic import day_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.delete("/billing/topups/automatic")
def stop_automatic_topups(user_id: Annotated[UserId | None, Query(alias="userId")] = None) -> AutomaticTopups:
    caller = caller_of(app.current_event)
    user_id = user_id or caller.user_id
    caller.require_user(user_id)
    return AutomaticTopups.of(wiring.stop(user_id), day_of(clock.now()))


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
