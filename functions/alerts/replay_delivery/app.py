"""POST /alerts/deliveries/{deliveryId}/replay: send an alert again, as if it was new."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.alerts import wiring
from aggregator.alerts.api import DeliveryView
from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.post("/alerts/deliveries/<deliveryId>/replay")
def replay_delivery(
    deliveryId: str,
    user_id: Annotated[UserId | None, Query(alias="userId")] = None,
) -> DeliveryView:
    caller = caller_of(app.current_event)
    user_id = user_id or caller.user_id
    caller.require_user(user_id)
    return DeliveryView.of(wiring.replay(user_id, deliveryId))


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
