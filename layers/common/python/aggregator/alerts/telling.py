"""Telling a user of something that another domain knows: its way into alerts, with no more of them than it needs."""

import os
from functools import cache

from aggregator.alerts.model import Alert
from aggregator.alerts.store import AlertsStore
from aggregator.alerts.tell import tell
from aggregator.runtime import clock
from aggregator.runtime.boto_client import BotoClient


@cache
def _store() -> AlertsStore:
    return AlertsStore(BotoClient("dynamodb"), os.environ["ALERTS_TABLE"])


def tell_user(alert: Alert) -> bool:
    """Have an alert delivered to whoever of its user wants it, unless it was before; whether it was new."""
    return tell(alert, _store().webhooks(alert.user_id), _store(), clock.now())
