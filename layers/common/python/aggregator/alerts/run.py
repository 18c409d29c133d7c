"""Run: every few minutes, everybody who wants alerts is looked at; what is met for the first time is told."""

from collections.abc import Callable
from datetime import datetime
from itertools import groupby

from aggregator.alerts.store import AlertsStore
from aggregator.alerts.tell import tell
from aggregator.alerts.watch import LOW, World, alerts_of
from aggregator.errors import Refusal
from aggregator.runtime.aws import AwsError
from aggregator.runtime.observability import count, logger


def watch(store: AlertsStore, world: World, clock: Callable[[], datetime]) -> int:
    """Look at everybody who has a webhook; how many alerts were new. One who cannot be looked at harms no other."""
    new = 0
    for user_id, theirs in groupby(store.all_webhooks(), key=lambda webhook: webhook.user_id):
        webhooks, now = list(theirs), clock()
        try:
            if not world.wallet(user_id).is_low:
                store.forget(user_id, LOW)
            for alert in alerts_of(user_id, world, now):
                new += tell(alert, webhooks, store, now)
        except (AwsError, Refusal) as broken:
            logger.error("User not watched", user_id=user_id, reason=type(broken).__name__)
            count("AlertsFaults", 1)
    count("AlertsNew", new)
    return new
