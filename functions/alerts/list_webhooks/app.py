"""GET /alerts/webhooks: the addresses that hear of a user's alerts."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.alerts import wiring
from aggregator.alerts.api import WebhookList
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.get("/alerts/webhooks")
def list_webhooks(user_id: Annotated[UserId | None, Query(alias="userId")] = None) -> WebhookList:
    caller = caller_of(app.current_event)
    user_id = user_id or caller.user_id
    caller.require_user(user_id)
    return WebhookList.of(wiring.store().webhooks(user_id))


handler = serve(app, scope=KEYS_MANAGE)
