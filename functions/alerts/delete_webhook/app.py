"""DELETE /alerts/webhooks/{webhookId}: an address hears of nothing any more."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.alerts import wiring
from aggregator.alerts.api import WebhookView
from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.delete("/alerts/webhooks/<webhookId>")
def delete_webhook(
    webhookId: str,
    user_id: Annotated[UserId | None, Query(alias="userId")] = None,
) -> WebhookView:
    caller = caller_of(app.current_event)
    user_id = user_id or caller.user_id
    caller.require_user(user_id)
    return WebhookView.of(wiring.remove_webhook(user_id, webhookId))


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
