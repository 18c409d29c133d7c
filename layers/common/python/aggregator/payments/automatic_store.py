"""The only module that touches the payments table.

    pk         sk        what
    AUTOMATIC  <userId>  how automatic top-ups stand with a user

They lie in one partition: all of them are read together, each minute. A write asks that nobody wrote since it was read.
"""

from collections.abc import Iterator
from typing import Any

from aggregator.payments.automatic import Agreed, Attempt, Card, Standing
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError, JsonObject
from aggregator.runtime.clock import from_iso, iso
from aggregator.runtime.item import item, values

_AUTOMATIC = "AUTOMATIC"


class Changed(Exception):
    """Somebody else wrote in between; nothing was written."""


class AutomaticStore:
    """How automatic top-ups stand, user by user."""

    def __init__(self, dynamodb: Aws, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of(self, user_id: str) -> Standing:
        """How they stand with a user; off where the user never asked for any."""
        key = item({"pk": _AUTOMATIC, "sk": user_id})
        answer = self._dynamodb.call(
            "GetItem", {"TableName": self._table, "Key": key, "ConsistentRead": True}
        )
        return _standing_of(values(answer["Item"])) if answer.get("Item") else Standing(user_id)

    def all(self) -> Iterator[Standing]:
        """Everybody's. Some may be a moment old: who writes one is told so."""
        after: JsonObject | None = None
        while True:
            request: JsonObject = {
                "TableName": self._table,
                "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
                "ExpressionAttributeValues": item({":pk": _AUTOMATIC, ":first": "!", ":last": "\uffff"}),
            }
            if after is not None:
                request["ExclusiveStartKey"] = after
            answer = self._dynamodb.call("Query", request)
            yield from (_standing_of(values(each)) for each in answer["Items"])
            after = answer.get("LastEvaluatedKey")
            if after is None:
                return

    def save(self, standing: Standing) -> Standing:
        """Write what was read and changed; as it is now.

        Raises:
            Changed: it was written since it was read.
        """
        new = _item_of(standing) | {"version": standing.version + 1}
        request: JsonObject = {"TableName": self._table, "Item": item(new)}
        if standing.version:
            request["ConditionExpression"] = "version = :seen"
            request["ExpressionAttributeValues"] = item({":seen": standing.version})
        else:
            request["ConditionExpression"] = "attribute_not_exists(pk)"
        try:
            self._dynamodb.call("PutItem", request)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            raise Changed from refused
        return _standing_of(new)


def _item_of(standing: Standing) -> JsonObject:
    agreed, attempt = standing.agreed, standing.attempt
    found: JsonObject = {
        "pk": _AUTOMATIC,
        "sk": standing.user_id,
        "state": standing.state,
        "reason": standing.reason,
        "session": standing.session,
        "card": _card_item(standing.card),
        "day": standing.day,
        "used": standing.used,
        "number": standing.number,
        "agreed": agreed
        and {"threshold": agreed.threshold_nano_usd, "cents": agreed.cents, "atMost": agreed.at_most_a_day},
        "attempt": attempt
        and {
            "day": attempt.day,
            "number": attempt.number,
            "cents": attempt.cents,
            "card": _card_item(attempt.card),
            "begunAt": iso(attempt.begun_at),
            "payment": attempt.payment,
            "created": attempt.created,
        },
    }
    return {name: value for name, value in found.items() if value is not None}


def _standing_of(stored: JsonObject) -> Standing:
    agreed, attempt = stored.get("agreed"), stored.get("attempt")
    return Standing(
        user_id=stored["sk"],
        state=stored["state"],
        agreed=agreed and Agreed(agreed["threshold"], agreed["cents"], agreed["atMost"]),
        card=_card_of(stored.get("card")),
        reason=stored.get("reason"),
        session=stored.get("session"),
        day=stored["day"],
        used=stored["used"],
        number=stored["number"],
        attempt=attempt and _attempt_of(stored["sk"], attempt),
        version=stored["version"],
    )


def _attempt_of(user_id: str, stored: JsonObject) -> Attempt:
    card = _card_of(stored["card"])
    assert card is not None
    return Attempt(
        user_id,
        stored["day"],
        stored["number"],
        stored["cents"],
        card,
        from_iso(stored["begunAt"]),
        stored.get("payment"),
        stored["created"],
    )


def _card_item(card: Card | None) -> JsonObject | None:
    if card is None:
        return None
    return {"customer": card.customer, "paymentMethod": card.payment_method, "shown": card.shown}


def _card_of(stored: Any) -> Card | None:
    return stored and Card(stored["customer"], stored["paymentMethod"], stored["shown"])
