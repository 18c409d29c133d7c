"""What the auth table knows of a user's state, so that keys follow it. Beside `store.py`, which has the keys.

    pk             sk     what
    USER#<userId>  STATE  `version` of the user that said so last, and `suspended` while the user is
    KEY#<keyId>    KEY    `userVersion` and `suspended`: the same, on each of the user's keys, for the authorizer

The state is written before the keys are listed, and a key is made only if the state allows it, in one transaction: so
none is missed. Each write asks that no later version of the user was there: calls may come in any order, and again.
"""

from collections.abc import Mapping

from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError, JsonObject
from aggregator.runtime.item import item


class UserStates:
    """The states of users, in the auth table."""

    def __init__(self, dynamodb: Aws, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def say(self, user_id: str, version: int, *, suspended: bool) -> None:
        """Write a user's state down: while it is suspended, nobody makes a key for it."""
        self._write(_state_of(user_id), "version", version, suspended=suspended)

    def say_of_key(self, key_id: str, version: int, *, suspended: bool) -> None:
        """Write it on a key of the user: it is refused from the next time on that the authorizer reads it."""
        self._write({"pk": f"KEY#{key_id}", "sk": "KEY"}, "userVersion", version, suspended=suspended)

    def _write(self, place: Mapping[str, str], name: str, version: int, *, suspended: bool) -> None:
        change = ", suspended = :yes" if suspended else " REMOVE suspended"
        said = {":version": version} | ({":yes": True} if suspended else {})
        try:
            self._dynamodb.call(
                "UpdateItem",
                {
                    "TableName": self._table,
                    "Key": item(place),
                    "UpdateExpression": f"SET #version = :version{change}",
                    "ConditionExpression": "attribute_not_exists(#version) OR #version <= :version",
                    "ExpressionAttributeNames": {"#version": name},
                    "ExpressionAttributeValues": item(said),
                },
            )
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise


def unless_suspended(table: str, user_id: str) -> JsonObject:
    """A step of a transaction that passes only while a user is not suspended."""
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": item(_state_of(user_id)),
            "ConditionExpression": "attribute_not_exists(suspended)",
        },
    }


def _state_of(user_id: str) -> dict[str, str]:
    return {"pk": f"USER#{user_id}", "sk": "STATE"}
