"""POST /alerts/webhooks: name an address that hears of alerts; its secret is shown this once."""

from aggregator.alerts import wiring
from aggregator.alerts.api import CreatedWebhook, CreateWebhookRequest
from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/alerts/webhooks", status_code=201)
def create_webhook(body: CreateWebhookRequest) -> CreatedWebhook:
    caller = caller_of(app.current_event)
    user_id = body.user_id or caller.user_id
    caller.require_user(user_id)
    kinds = None if body.kinds is None else [str(kind) for kind in body.kinds]
    return CreatedWebhook.of_new(wiring.add_webhook(user_id, body.url, kinds, now=clock.now()))


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
