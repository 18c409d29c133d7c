"""Deliver: post what is due, try again later each time, and give up after 18 hours.

Who tries a delivery takes it first: it is due again later, should whoever took it die. What becomes of it is written
down after the answer. So each alert arrives at least once, with the same `webhook-id` however often it does.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.alerts.mail import NOT_THEIRS, Mail, NotMailed
from aggregator.alerts.model import MOST_TRIES, RETRY_SECONDS, Delivery, Due, Webhook
from aggregator.alerts.sign import headers
from aggregator.alerts.store import AlertsStore
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.observability import count, logger
from aggregator.runtime.public_post import NotPosted, Posted

Post = Callable[[str, Mapping[str, str], bytes], Posted]
GiveUp = Callable[[Delivery], None]

_AT_ONCE = 10
_A_LAST_TRY = 600
"""Seconds after which a last try that nobody heard of again is made once more."""

_GONE = frozenset({"410", NOT_THEIRS})
"""The receiver wants no more of it (410 is Standard Webhooks' own word), or must get no more. It is not tried again."""


def dead_letters(sqs: Aws, url: str) -> GiveUp:
    """Lays deliveries that are given up aside, one message each."""

    def give_up(delivery: Delivery) -> None:
        said = {
            "userId": delivery.user_id,
            "deliveryId": delivery.delivery_id,
            "answer": delivery.last_answer,
        }
        sqs.call("SendMessage", {"QueueUrl": url, "MessageBody": json.dumps(said)})

    return give_up


@dataclass(frozen=True, slots=True)
class Sender:
    """Tries what is due."""

    store: AlertsStore
    post: Post
    mail: Mail
    give_up: GiveUp
    clock: Callable[[], datetime]

    def send_due(self, has_time: Callable[[], bool] = lambda: True) -> int:
        """Try all that is due, ten at once, for as long as there is time; how many arrived."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return sum(pool.map(lambda due: has_time() and self._tried(due), self.store.due(self.clock())))

    def _tried(self, due: Due) -> bool:
        """Whether a delivery arrived. One that cannot be looked at now harms no other."""
        try:
            return self._try(due)
        except AwsError as broken:
            logger.error("Delivery not looked at", delivery_id=due.delivery_id, reason=broken.code)
            count("AlertsFaults", 1)
            return False

    def _try(self, due: Due) -> bool:
        delivery = self.store.delivery(due.user_id, due.delivery_id)
        if delivery is None or delivery.state != "pending":
            self.store.over(due)
            return False
        webhook = self.store.webhook(due.user_id, delivery.webhook_id)
        if webhook is None:
            self.store.update(replace(delivery, state="failed", last_answer="the webhook was taken away"))
            self.store.over(due)
            return False
        is_last = delivery.tries + 1 >= MOST_TRIES
        wait = _A_LAST_TRY if is_last else RETRY_SECONDS[delivery.tries]
        if not self.store.claim(due, self.clock() + timedelta(seconds=wait)):
            return False
        answer, arrived = self._answer(webhook, delivery)
        tried = replace(delivery, tries=delivery.tries + 1, last_answer=answer)
        if arrived:
            self.store.update(replace(tried, state="delivered", delivered_at=self.clock()))
            self.store.over(due)
            count("AlertsDelivered", 1)
        elif is_last or answer in _GONE:
            self.give_up(tried)
            self.store.update(replace(tried, state="failed"))
            self.store.over(due)
            count("AlertsGivenUp", 1)
            logger.warning("Alert given up", user_id=due.user_id, delivery_id=due.delivery_id, answer=answer)
        else:
            self.store.update(tried)
        return arrived

    def _answer(self, webhook: Webhook, delivery: Delivery) -> tuple[str, bool]:
        """What the receiver answered, in a few words, and whether it took it."""
        if webhook.address is not None:
            return self._mailed(webhook, delivery)
        signed = headers(webhook.secret, delivery.delivery_id, self.clock(), delivery.body)
        try:
            status = self.post(webhook.url, signed, delivery.body.encode()).status
        except NotPosted as missed:
            return str(missed), False
        return str(status), 200 <= status < 300

    def _mailed(self, webhook: Webhook, delivery: Delivery) -> tuple[str, bool]:
        """What became of a mail. What SES refuses is the platform's to mend, or its operator's."""
        try:
            return self.mail(webhook, delivery), True
        except NotMailed as missed:
            if missed.by_us:
                count("AlertsFaults", 1)
                logger.error("Alert not mailed", delivery_id=delivery.delivery_id, reason=str(missed))
            return str(missed), False
