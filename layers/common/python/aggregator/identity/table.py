"""The identity table: how its items are read and written. Only the stores beside this and `standing.py` touch it.

    pk              sk                       what
    USERS           USER#<userId>            a user; ids sort, so a list is in their order
    EMAIL#<email>   EMAIL                    whose address this is: no two users have one
    SUBJECT#<hash>  SUBJECT                  who signs in as this subject of an issuer: no two users do
    NONCE#<hash>    NONCE                    a nonce that an ID token came with; the table forgets it by `expires_at`
    USER#<userId>   AUDIT#<time>#<changeId>  one change of the user; never changed, never deleted
    USER#<userId>   TEAM#<teamId>            the user is in this team
    TEAMS           TEAM#<teamId>            a team
    TEAM#<teamId>   MEMBER#<userId>          a user's place in it
    TEAM#<teamId>   AUDIT#<time>#<changeId>  one change of the team, or of its members; never changed, never deleted

What a change writes is one transaction with its audit entry, and asks that the `version` of what it changes is still
the one that was read: there is no change without its entry, and of two changes at once one is refused. All reads are
consistent. Moments are ISO 8601 text, amounts nano-US-dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import Refusal, StoreUnavailable
from aggregator.runtime.aws import CONDITION_FAILED, TRANSACTION_CANCELED, Aws, AwsError, JsonObject
from aggregator.runtime.item import item, values


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a transaction, and the refusal that it means if its condition is not met."""

    does: JsonObject
    otherwise: Refusal


class IdentityTable:
    """The table, by the few ways that stores use it."""

    def __init__(self, dynamodb: Aws, name: str) -> None:
        self._dynamodb = dynamodb
        self._name = name

    def read(self, place: Mapping[str, str]) -> JsonObject | None:
        """One item, if it is there."""
        answer = self._dynamodb.call(
            "GetItem", {"TableName": self._name, "Key": item(place), "ConsistentRead": True}
        )
        return values(answer["Item"]) if answer.get("Item") else None

    def page(
        self, pk: str, prefix: str, limit: int, after: str | None = None, *, newest_first: bool = False
    ) -> tuple[list[JsonObject], bool]:
        """Items of a partition whose sort keys begin so, from behind `after`, and whether there are more."""
        request: JsonObject = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": item({":pk": pk, ":prefix": prefix}),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            "Limit": limit,
        }
        if after is not None:
            request["ExclusiveStartKey"] = item({"pk": pk, "sk": prefix + after})
        answer = self._dynamodb.call("Query", request)
        found = [values(each) for each in answer["Items"]]
        return found, bool(found and answer.get("LastEvaluatedKey"))

    def add(self, new: JsonObject, otherwise: Refusal) -> None:
        """Add one item, if there is none at its place: one conditional PutItem.

        Raises:
            Refusal: `otherwise`, for there is one.
        """
        try:
            self._dynamodb.call("PutItem", self.put_new(new, otherwise).does["Put"])
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            raise otherwise from refused

    def write(self, *steps: Step) -> None:
        """Carry out all steps, or none.

        Raises:
            Refusal: that of the first step whose condition is not met.
            StoreUnavailable: others write the same at this moment.
        """
        try:
            self._dynamodb.call("TransactWriteItems", {"TransactItems": [step.does for step in steps]})
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED:
                raise
            for step, reason in zip(steps, refused.reasons, strict=False):
                if reason.get("Code") == "ConditionalCheckFailed":
                    raise step.otherwise from refused
            raise StoreUnavailable("This is being written; try again.", retry_after_seconds=1) from refused

    def put_new(self, new: JsonObject, otherwise: Refusal) -> Step:
        """A step that adds an item, if there is none at its place."""
        put = {
            "TableName": self._name,
            "Item": item(new),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return Step({"Put": put}, otherwise)

    def put(self, new: JsonObject, seen_version: int, otherwise: Refusal) -> Step:
        """A step that replaces an item, if it still has the version that was seen."""
        put = {"TableName": self._name, "Item": item(new), **_if_version(seen_version)}
        return Step({"Put": put}, otherwise)

    def delete(self, place: Mapping[str, str], seen_version: int, otherwise: Refusal) -> Step:
        """A step that takes an item away, if it still has the version that was seen."""
        delete = {"TableName": self._name, "Key": item(place), **_if_version(seen_version)}
        return Step({"Delete": delete}, otherwise)

    def drop(self, place: Mapping[str, str], otherwise: Refusal) -> Step:
        """A step that takes an item away."""
        return Step({"Delete": {"TableName": self._name, "Key": item(place)}}, otherwise)

    def set(self, new: JsonObject, otherwise: Refusal) -> Step:
        """A step that writes an item, whatever is there."""
        return Step({"Put": {"TableName": self._name, "Item": item(new)}}, otherwise)

    def require(self, place: Mapping[str, str], otherwise: Refusal, *, there: bool) -> Step:
        """A step that passes only if an item is there, or only if it is not."""
        condition = "attribute_exists(pk)" if there else "attribute_not_exists(pk)"
        check = {"TableName": self._name, "Key": item(place), "ConditionExpression": condition}
        return Step({"ConditionCheck": check}, otherwise)


def _if_version(seen: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "#version = :seen",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": item({":seen": seen}),
    }
