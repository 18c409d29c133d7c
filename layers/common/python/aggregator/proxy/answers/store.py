"""Answers under an Idempotency-Key: an item in the proxy's table, and the bucket of what no item can hold.

| pk            | sk                | what                                                           |
|---------------|-------------------|----------------------------------------------------------------|
| USER#<userId> | ANSWER#<key hash> | `body_hash`; `request_id` of who has it, `leased_until`; later |
|               |                   | `answer_status`, `answer_headers`, `body` (zlib) or `object`   |

DynamoDB deletes what has expired days late, so `expires_at` is part of every condition that relies on it.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol

from aggregator.proxy.answers.stored_answer import Mark, StoredAnswer, Used
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError, until

JsonObject = dict[str, Any]

LARGEST_BODY_IN_ITEM = 350_000
"""Compressed bytes; an item holds 400 KB with its names and headers."""


class Objects(Protocol):
    """A bucket for what no item can hold."""

    def put(self, key: str, body: bytes) -> None:
        """Keep an object.

        Raises:
            AwsError: it may not be kept.
        """
        ...

    def get(self, key: str) -> bytes:
        """Read an object.

        Raises:
            AwsError: it is not there, or cannot be read.
        """
        ...


class AnswerStore:
    """Answers by user and Idempotency-Key. `objects` is asked for when the first answer is too large for an item."""

    def __init__(self, aws: Aws, table: str, objects: Callable[[], Objects]) -> None:
        self._aws = aws
        self._table = table
        self._objects = objects

    def begin(self, mark: Mark) -> None:
        """Claim a key that is unused, expired, or whose request died.

        Raises:
            Used: it is none of these.
        """
        claimed = {
            "body_hash": mark.body_hash,
            "request_id": mark.request_id,
            "leased_until": mark.leased_until,
            "expires_at": mark.expires_at,
        }
        try:
            self._aws.call("PutItem", {
                "TableName": self._table,
                "Item": _answer_key(mark) | item.item(claimed),
                "ConditionExpression":
                    "attribute_not_exists(pk) OR expires_at <= :now OR leased_until <= :now",
                "ExpressionAttributeValues": item.item({":now": mark.now}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            raise Used(item.values(refused.item or {})) from None

    def keep(self, mark: Mark, answer: StoredAnswer) -> bool:
        """Store an answer in its mark's place; False, and nothing, if the mark is another request's by now.

        May be repeated.

        Raises:
            AwsError: after `TimedOut` the answer may be stored, else it is not.
        """
        kept: JsonObject = {
            "body_hash": mark.body_hash,
            "request_id": mark.request_id,
            "expires_at": mark.expires_at,
            "answer_status": answer.status,
            "answer_headers": dict(answer.headers),
        }
        if len(answer.compressed) <= LARGEST_BODY_IN_ITEM:
            kept["body"] = answer.compressed
        else:
            kept["object"] = _object_key(mark)
            self._put(mark, kept["object"], answer.compressed)
        return self._if_ours(mark, "PutItem", {"Item": _answer_key(mark) | item.item(kept)})

    def read(self, stored: Mapping[str, Any]) -> StoredAnswer:
        """The answer in what `Used` brought."""
        body = self._objects().get(stored["object"]) if "object" in stored else stored["body"]
        return StoredAnswer(stored["answer_status"], stored["answer_headers"], body, stored["request_id"])

    def forget(self, mark: Mark) -> bool:
        """Free a key for another try; False, and nothing, if the mark is another request's by now."""
        return self._if_ours(mark, "DeleteItem", {"Key": _answer_key(mark)})

    def _put(self, mark: Mark, key: str, body: bytes) -> None:
        try:
            until(self._objects(), mark.ends).put(key, body)
        except AwsError as failed:  # no item points there, so that it may be written does not matter
            raise AwsError("ObjectNotKept", failed.code, status=failed.status) from failed

    def _if_ours(self, mark: Mark, action: str, request: JsonObject) -> bool:
        try:
            until(self._aws, mark.ends).call(action, request | {
                "TableName": self._table,
                "ConditionExpression": "request_id = :request_id",
                "ExpressionAttributeValues": item.item({":request_id": mark.request_id}),
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True


def _answer_key(mark: Mark) -> JsonObject:
    return item.item({"pk": f"USER#{mark.user_id}", "sk": f"ANSWER#{sha256(mark.key.encode()).hexdigest()}"})


def _object_key(mark: Mark) -> str:
    """A name that no other request has: one that lost its mark cannot write over another's answer."""
    return f"answers/{sha256(mark.request_id.encode()).hexdigest()}"
