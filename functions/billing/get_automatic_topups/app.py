"""GET /billing/topups/automatic: what a user agreed to, the card that is kept, and what became of it."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import KEYS_MANAGE
from aggregator.payments import wiring
from aggregator.payments.api import AutomaticTopups
from aggregator.payments.automatic import day_of
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.get("/billing/topups/automatic")
def get_automatic_topups(user_id: Annotated[UserId | None, Query(alias="userId")] = None) -> AutomaticTopups:
    caller = caller_of(app.current_event)
    user_id = user_id or caller.user_id
    caller.require_user(user_id)
    return AutomaticTopups.of(wiring.automatic().of(user_id), day_of(clock.now()))


handler = serve(app, scope=KEYS_MANAGE)
