"""The only module that touches the alerts table.

    pk              sk                       what
    WEBHOOKS        <userId>#<webhookId>     an address that hears of a user's alerts
    USER#<userId>   SENT#<deliveryId>        one delivery, for 30 days; ids begin with their time
    DUE             <userId>#<deliveryId>    a delivery that is still to be tried, and when
    USER#<userId>   NOTED#<crossing>         an alert that was met: since when, and whether all its deliveries are made

Webhooks lie in one partition: they are read together, once in a watch's run. A user's own are a range of it, for no
user id has a `#`.
"""

from collections.abc import Iterator
from datetime import datetime

from aggregator.alerts.model import KEPT_FOR, Alert, Delivery, Due, Webhook
from aggregator.errors import NotFound
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError, JsonObject
from aggregator.runtime.clock import from_iso, iso
from aggregator.runtime.item import item, values

_WEBHOOKS = "WEBHOOKS"
_DUE = "DUE"
_SENT = "SENT#"
_LAST = "\uffff"


class AlertsStore:
    """Webhooks, deliveries, and which alerts were met."""

    def __init__(self, dynamodb: Aws, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, webhook: Webhook) -> None:
        """Keep a new webhook."""
        self._call("PutItem", Item=item(_webhook_item(webhook)))

    def webhook(self, user_id: str, webhook_id: str) -> Webhook | None:
        """One webhook of a user, if it is there."""
        found = self._read(_WEBHOOKS, f"{user_id}#{webhook_id}")
        return None if found is None else _webhook_of(found)

    def remove(self, user_id: str, webhook_id: str) -> Webhook:
        """Forget a webhook; it is returned as it was.

        Raises:
            NotFound: the user has no such one.
        """
        key = item({"pk": _WEBHOOKS, "sk": f"{user_id}#{webhook_id}"})
        answer = self._call("DeleteItem", Key=key, ReturnValues="ALL_OLD")
        if not answer.get("Attributes"):
            raise NotFound("There is no such webhook.", param="webhookId")
        return _webhook_of(values(answer["Attributes"]))

    def webhooks(self, user_id: str) -> list[Webhook]:
        """All webhooks of a user."""
        return [_webhook_of(each) for each in self._range(_WEBHOOKS, f"{user_id}#", f"{user_id}#{_LAST}")]

    def all_webhooks(self) -> Iterator[Webhook]:
        """Everybody's, user by user."""
        return (_webhook_of(each) for each in self._range(_WEBHOOKS, "!", _LAST))

    def noted(self, alert: Alert, at: datetime) -> tuple[datetime, bool]:
        """Since when an alert is met, and whether all its deliveries are made; it is met from `at` on if it was not."""
        pk, sk = f"USER#{alert.user_id}", f"NOTED#{alert.crossing}"
        met: JsonObject = {"pk": pk, "sk": sk, "since": iso(at), "told": False}
        if not self._put_new(item(met)):
            found = self._read(pk, sk) or met
            return from_iso(found["since"]), found["told"]
        return at, False

    def told(self, alert: Alert, since: datetime) -> None:
        """All deliveries of an alert are made."""
        met = {
            "pk": f"USER#{alert.user_id}",
            "sk": f"NOTED#{alert.crossing}",
            "since": iso(since),
            "told": True,
        }
        self._call("PutItem", Item=item(met))

    def forget(self, user_id: str, crossing: str) -> None:
        """An alert is met no more: the next time is another one."""
        self._call("DeleteItem", Key=item({"pk": f"USER#{user_id}", "sk": f"NOTED#{crossing}"}))

    def begin(self, delivery: Delivery) -> None:
        """Keep a delivery that is to be tried at once; one that is there already stays as it is."""
        if self._put_new(item(_delivery_item(delivery))):
            found: Delivery | None = delivery
        else:
            found = self.delivery(delivery.user_id, delivery.delivery_id)
        if found is not None and found.state == "pending":
            self._put_new(item(_due_item(Due(delivery.user_id, delivery.delivery_id, delivery.created_at))))

    def again(self, delivery: Delivery, at: datetime) -> None:
        """Have a delivery that was over tried again, from `at` on."""
        self.update(delivery)
        self._call("PutItem", Item=item(_due_item(Due(delivery.user_id, delivery.delivery_id, at))))

    def due(self, now: datetime) -> list[Due]:
        """What is to be tried now, the longest due first."""
        found = [_due_of(each) for each in self._range(_DUE, "!", _LAST)]
        return sorted((each for each in found if each.at <= now), key=lambda each: each.at)

    def claim(self, due: Due, until: datetime) -> bool:
        """Take a delivery to try it: it is due again at `until`, should nobody say what became of it.

        False if somebody else was faster.
        """
        try:
            self._call(
                "UpdateItem",
                Key=_due_key(due),
                UpdateExpression="SET due_at = :until",
                ConditionExpression="due_at = :seen",
                ExpressionAttributeValues=item({":until": iso(until), ":seen": iso(due.at)}),
            )
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True

    def over(self, due: Due) -> None:
        """A delivery is not to be tried any more."""
        self._call("DeleteItem", Key=_due_key(due))

    def delivery(self, user_id: str, delivery_id: str) -> Delivery | None:
        """One delivery, if it is there."""
        found = self._read(f"USER#{user_id}", _SENT + delivery_id)
        return None if found is None else _delivery_of(found)

    def update(self, delivery: Delivery) -> None:
        """Write down what became of a delivery."""
        self._call("PutItem", Item=item(_delivery_item(delivery)))

    def deliveries(self, user_id: str, limit: int, after: str | None) -> tuple[list[Delivery], str | None]:
        """A page of a user's deliveries, newest first, and the id to go on behind, if there are more."""
        pk = f"USER#{user_id}"
        answer = self._query(
            pk, _SENT, _SENT + _LAST, limit, None if after is None else _SENT + after, newest=True
        )
        found = [_delivery_of(values(each)) for each in answer["Items"]]
        return found, found[-1].delivery_id if found and answer.get("LastEvaluatedKey") else None

    def _put_new(self, new: JsonObject) -> bool:
        """Put an item that is not there yet; whether it was not."""
        try:
            self._call("PutItem", Item=new, ConditionExpression="attribute_not_exists(pk)")
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True

    def _range(self, pk: str, first: str, last: str) -> Iterator[JsonObject]:
        after: str | None = None
        while True:
            answer = self._query(pk, first, last, 500, after)
            yield from (values(each) for each in answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                return
            after = values(answer["LastEvaluatedKey"])["sk"]

    def _query(
        self, pk: str, first: str, last: str, limit: int, after: str | None, *, newest: bool = False
    ) -> JsonObject:
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item({":pk": pk, ":first": first, ":last": last}),
            "ScanIndexForward": not newest,
            "Limit": limit,
        }
        if after is not None:
            request["ExclusiveStartKey"] = item({"pk": pk, "sk": after})
        return self._dynamodb.call("Query", request)

    def _read(self, pk: str, sk: str) -> JsonObject | None:
        answer = self._dynamodb.call(
            "GetItem", {"TableName": self._table, "Key": item({"pk": pk, "sk": sk}), "ConsistentRead": True}
        )
        return values(answer["Item"]) if answer.get("Item") else None

    def _call(self, action: str, **request: object) -> JsonObject:
        return self._dynamodb.call(action, {"TableName": self._table, **request})


def _due_key(due: Due) -> JsonObject:
    return item({"pk": _DUE, "sk": f"{due.user_id}#{due.delivery_id}"})


def _due_item(due: Due) -> JsonObject:
    return {"pk": _DUE, "sk": f"{due.user_id}#{due.delivery_id}", "due_at": iso(due.at)}


def _due_of(stored: JsonObject) -> Due:
    user_id, _, delivery_id = stored["sk"].rpartition("#")
    return Due(user_id, delivery_id, from_iso(stored["due_at"]))


def _webhook_item(webhook: Webhook) -> JsonObject:
    return {
        "pk": _WEBHOOKS,
        "sk": f"{webhook.user_id}#{webhook.webhook_id}",
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "secret": webhook.secret,
        "createdAt": iso(webhook.created_at),
    }


def _webhook_of(stored: JsonObject) -> Webhook:
    user_id, _, webhook_id = stored["sk"].rpartition("#")
    return Webhook(
        webhook_id,
        user_id,
        stored["url"],
        tuple(stored["kinds"]),
        stored["secret"],
        from_iso(stored["createdAt"]),
    )


def _delivery_item(delivery: Delivery) -> JsonObject:
    said: JsonObject = {
        "pk": f"USER#{delivery.user_id}",
        "sk": _SENT + delivery.delivery_id,
        "webhookId": delivery.webhook_id,
        "kind": delivery.kind,
        "body": delivery.body,
        "state": delivery.state,
        "tries": delivery.tries,
        "createdAt": iso(delivery.created_at),
        "expires_at": int((delivery.created_at + KEPT_FOR).timestamp()),
    }
    if delivery.last_answer is not None:
        said["lastAnswer"] = delivery.last_answer
    if delivery.delivered_at is not None:
        said["deliveredAt"] = iso(delivery.delivered_at)
    return said


def _delivery_of(stored: JsonObject) -> Delivery:
    at = stored.get("deliveredAt")
    return Delivery(
        delivery_id=stored["sk"].removeprefix(_SENT),
        user_id=stored["pk"].removeprefix("USER#"),
        webhook_id=stored["webhookId"],
        kind=stored["kind"],
        body=stored["body"],
        state=stored["state"],
        tries=stored["tries"],
        created_at=from_iso(stored["createdAt"]),
        last_answer=stored.get("lastAnswer"),
        delivered_at=None if at is None else from_iso(at),
    )
