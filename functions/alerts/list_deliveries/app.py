"""GET /alerts/deliveries: what was sent to a user's webhooks, and what became of it."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.alerts import wiring
from aggregator.alerts.api import DEFAULT_PAGE, MAX_PAGE, DeliveryId, DeliveryPage
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.get("/alerts/deliveries")
def list_deliveries(
    user_id: Annotated[UserId | None, Query(alias="userId")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    cursor: Annotated[DeliveryId | None, Query()] = None,
) -> DeliveryPage:
    caller = caller_of(app.current_event)
    user_id = user_id or caller.user_id
    caller.require_user(user_id)
    return DeliveryPage.of(*wiring.store().deliveries(user_id, limit, cursor))


handler = serve(app, scope=KEYS_MANAGE)
