"""Promo codes in the billing table.

| pk             | sk           | what                                                                            |
|----------------|--------------|---------------------------------------------------------------------------------|
| CODES          | CODE#<id>    | a code: what it gives, until when, to how many, and how many have redeemed it   |
| ACCOUNT#<user> | TRIES#<hour> | how often a user tried to redeem a code in that hour                            |
"""

from typing import Any

from aggregator.billing.codes.model import MOST_TRIES, Code
from aggregator.billing.keys import account_key
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError

JsonObject = dict[str, Any]

_CODES = "CODES"
_PREFIX = "CODE#"
_HOUR = 3600


class CodeStore:
    """Codes, and how often each was redeemed."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def create(self, code: Code) -> bool:
        """Write a new code down; False if there is one of the same text."""
        values = {
            "amount": code.amount_nano_usd, "credit_days": code.credit_days, "until": code.redeemable_until,
            "most": code.most, "redeemed": 0, "created_at": code.created_at,
            **({} if code.name is None else {"name": code.name}),
        }  # fmt: skip
        try:
            self._aws.call("PutItem", {
                "TableName": self._table,
                "Item": _key(code.id) | item.item(values),
                "ConditionExpression": "attribute_not_exists(pk)",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True

    def code(self, code_id: str) -> Code | None:
        """A code as it is now."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": _key(code_id), "ConsistentRead": True,
        })  # fmt: skip
        return _code_of(answer["Item"]) if "Item" in answer else None

    def codes(self, limit: int, after: str | None) -> tuple[list[Code], str | None]:
        """A page of all codes in the order of their ids, and after which id the next begins."""
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({
                ":pk": _CODES, ":first": _PREFIX, ":last": _PREFIX + "~",
            }),
            "ConsistentRead": True,
            "Limit": limit,
        }  # fmt: skip
        if after is not None:
            request["ExclusiveStartKey"] = _key(after)
        answer = self._aws.call("Query", request)
        found = [_code_of(stored) for stored in answer["Items"]]
        return found, found[-1].id if "LastEvaluatedKey" in answer else None

    def disable(self, code_id: str) -> bool:
        """Let a code be redeemed no more; False if there is none."""
        try:
            self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": _key(code_id),
                "UpdateExpression": "SET disabled = :yes",
                "ConditionExpression": "redeemed >= :none",
                "ExpressionAttributeValues": item.item({":yes": True, ":none": 0}),
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True

    def redemption(self, code: Code, now: str) -> JsonObject:
        """The write that a grant of a code depends on: one more of those that it is for, while it may be redeemed."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(code.id),
                "UpdateExpression": "ADD redeemed :one",
                "ConditionExpression": "redeemed < most AND #until > :now AND attribute_not_exists(disabled)",
                "ExpressionAttributeNames": {"#until": "until"},
                "ExpressionAttributeValues": item.item({":one": 1, ":now": now}),
            }
        }

    def take_try(self, user_id: str, epoch_seconds: float) -> bool:
        """Count a try of a user; False if the hour has no more, however many come at once."""
        hour = int(epoch_seconds) // _HOUR
        key = item.item({"pk": account_key(user_id), "sk": f"TRIES#{hour}"})
        try:
            self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": key,
                "UpdateExpression": "SET expires_at = :over ADD tries :one",
                "ConditionExpression": "attribute_not_exists(tries) OR tries < :most",
                "ExpressionAttributeValues": item.item({
                    ":one": 1, ":most": MOST_TRIES, ":over": (hour + 2) * _HOUR,
                }),
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True


def _key(code_id: str) -> JsonObject:
    return item.item({"pk": _CODES, "sk": _PREFIX + code_id})


def _code_of(stored: JsonObject) -> Code:
    values = item.values(stored)
    return Code(
        id=values["sk"].removeprefix(_PREFIX),
        amount_nano_usd=values["amount"],
        credit_days=values["credit_days"],
        redeemable_until=values["until"],
        most=values["most"],
        created_at=values["created_at"],
        redeemed=values["redeemed"],
        name=values.get("name"),
        disabled=values.get("disabled", False),
    )
