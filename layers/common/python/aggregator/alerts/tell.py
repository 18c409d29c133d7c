"""Tell: an alert becomes a delivery to each webhook that wants it, once for each crossing."""

import json
from datetime import datetime

from aggregator.alerts.model import Alert, Delivery, Webhook, delivery_id
from aggregator.alerts.store import AlertsStore


def tell(alert: Alert, webhooks: list[Webhook], store: AlertsStore, now: datetime) -> bool:
    """Have an alert delivered, unless it was; whether it was new.

    It is noted first, and noted as told last: whoever dies in between does the same again, under the same ids.
    """
    since, told = store.noted(alert, now)
    if told:
        return False
    for webhook in webhooks:
        if webhook.wants(alert.kind):
            send(alert, webhook, store, since)
    store.told(alert, since)
    return True


def send(alert: Alert, webhook: Webhook, store: AlertsStore, at: datetime) -> Delivery:
    """Have an alert delivered to one webhook."""
    delivery = Delivery(
        delivery_id=delivery_id(alert.crossing, webhook.webhook_id, at),
        user_id=alert.user_id,
        webhook_id=webhook.webhook_id,
        kind=alert.kind,
        body=json.dumps(alert.body(at), separators=(",", ":")),
        state="pending",
        tries=0,
        created_at=at,
    )
    store.begin(delivery)
    return delivery
