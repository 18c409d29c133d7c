"""The proxy's table: the only module that touches it, and the bucket of answers.

| pk             | sk                | what                                                                            |
|----------------|-------------------|---------------------------------------------------------------------------------|
| LIMITS#<keyId> | LIMITS            | `r#<minute>`: requests, `t#<minute>`: tokens, `d#<day>` and `m#<month>`: money  |
|                |                   | taken of the budgets; `running`: a ticket for each running request; the same    |
|                |                   | with `#<keyId>` after it for each key of its line (see limit_counts.py)         |
| USER#<userId>  | ANSWER#<key hash> | an Idempotency-Key: `body_hash`; `request_id` of who has it, `leased_until`;    |
|                |                   | later `answer_status`, `answer_headers`, and `body` (zlib) or `object` (S3 key) |

Minutes are numbers since 1970, days `2026-11-23`, months `2026-11`, all in UTC; amounts are nano-US-dollars. DynamoDB
deletes what has expired days late, so `expires_at` is part of every condition that relies on it.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Protocol

from aggregator.proxy.limit_counts import Stored
from aggregator.proxy.limit_rules import Back, Take, Taken
from aggregator.proxy.stored_answer import Mark, StoredAnswer
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError, until

JsonObject = dict[str, Any]

LARGEST_BODY_IN_ITEM = 350_000
"""Compressed bytes; an item holds 400 KB with its names and headers."""


class Full(Exception):
    """Some limit of the key does not allow it; `stored` is what is counted. Nothing was taken."""

    def __init__(self, stored: Stored) -> None:
        super().__init__("a limit is used up")
        self.stored = stored


class LimitStore:
    """What keys with limits have used, one item a key."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def take(self, take: Take) -> Stored:
        """Count all of `take`, or nothing of it; return the item after it.

        One conditional write of one item: such writes queue up, so they may race without limit. One that is
        repeated after a 500, though it was carried out, finds its ticket and takes nothing more.

        Raises:
            Full: one of the limits is in the way.
        """
        names: JsonObject = {}
        values: JsonObject = {":expires_at": take.expires_at}
        adds, conditions = [], []
        for n, counter in enumerate(take.counters):
            names[f"#c{n}"] = counter.attribute
            values |= {f":c{n}": counter.adds, f":room{n}": counter.most - counter.adds}
            adds.append(f"#c{n} :c{n}")
            conditions.append(f"(attribute_not_exists(#c{n}) OR #c{n} <= :room{n})")
        if take.ticket is not None:
            values |= {":ticket": {take.ticket}, ":mine": take.ticket}
            conditions.append("NOT contains(#p0, :mine)")
            for n, (attribute, most) in enumerate(take.places.items()):
                names[f"#p{n}"] = attribute
                adds.append(f"#p{n} :ticket")
                if most is not None:
                    values[f":most{n}"] = most
                    conditions.append(f"(attribute_not_exists(#p{n}) OR size(#p{n}) < :most{n})")
        try:
            answer = self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": _limits_key(take.key_id),
                "UpdateExpression": f"SET expires_at = :expires_at ADD {', '.join(adds)}",
                "ConditionExpression": " AND ".join(conditions),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": item.item(values),
                "ReturnValues": "ALL_NEW",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            stored = item.values(refused.item or {})
            if take.ticket in stored.get(next(iter(take.places)), ()):
                return stored
            raise Full(stored) from None
        return item.values(answer["Attributes"])

    def sweep(self, key_id: str, tickets: Mapping[str, frozenset[str]]) -> None:
        """Take expired tickets away; those that are gone already do not matter."""
        self._aws.call("UpdateItem", {
            "TableName": self._table,
            "Key": _limits_key(key_id),
            "UpdateExpression": "DELETE " + ", ".join(f"#p{n} :tickets{n}" for n in range(len(tickets))),
            "ExpressionAttributeNames": {f"#p{n}": attribute for n, attribute in enumerate(tickets)},
            "ExpressionAttributeValues": item.item({
                f":tickets{n}": dead for n, dead in enumerate(tickets.values())
            }),
        })  # fmt: skip

    def give_back(self, taken: Taken, back: Back) -> bool:
        """Take the ticket away, return what is not used, and tidy up; whether it was this call that did.

        Whoever calls twice finds the ticket gone, and changes nothing.
        """
        names: JsonObject = {f"#over{n}": name for n, name in enumerate(taken.over_windows)}
        values: JsonObject = {}
        parts, conditions = [], []
        if taken.ticket is not None:
            places = {f"#p{n}": attribute for n, attribute in enumerate(taken.places)}
            names |= places
            values |= {":ticket": taken.ticket} | {
                f":tickets{n}": {taken.ticket} | taken.over_tickets.get(attribute, frozenset())
                for n, attribute in enumerate(taken.places)
            }
            parts.append("DELETE " + ", ".join(f"#p{n} :tickets{n}" for n in range(len(places))))
            conditions.append("contains(#p0, :ticket)")
        if taken.ticket is not None and back.nano_usd:
            budgets = {f"#b{n}": attribute for n, attribute in enumerate(taken.budgets)}
            names |= budgets
            values[":unspent"] = back.nano_usd
            parts.append("SET " + ", ".join(f"{name} = {name} - :unspent" for name in budgets))
            conditions += [f"{name} >= :unspent" for name in budgets]
        if taken.ticket is not None and back.tokens:
            minutes = {f"#t{n}": attribute for n, attribute in enumerate(taken.minutes)}
            names |= minutes
            values[":used"] = -back.tokens
            parts.append("ADD " + ", ".join(f"{name} :used" for name in minutes))
        if taken.over_windows:
            parts.append("REMOVE " + ", ".join(f"#over{n}" for n in range(len(taken.over_windows))))
        request: JsonObject = {
            "TableName": self._table,
            "Key": _limits_key(taken.key_id),
            "UpdateExpression": " ".join(parts),
            "ExpressionAttributeNames": names,
        }
        if conditions:
            request["ConditionExpression"] = " AND ".join(conditions)
        if values:
            request["ExpressionAttributeValues"] = item.item(values)
        try:
            until(self._aws, back.ends).call("UpdateItem", request)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True


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


class Used(Exception):
    """The Idempotency-Key was used in the last 24 hours; `stored` is what is known of it."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        super().__init__("the key was used")
        self.stored = stored


class AnswerStore:
    """Answers by user and Idempotency-Key."""

    def __init__(self, aws: Aws, table: str, objects: Objects) -> None:
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
        body = self._objects.get(stored["object"]) if "object" in stored else stored["body"]
        return StoredAnswer(stored["answer_status"], stored["answer_headers"], body, stored["request_id"])

    def forget(self, mark: Mark) -> bool:
        """Free a key for another try; False, and nothing, if the mark is another request's by now."""
        return self._if_ours(mark, "DeleteItem", {"Key": _answer_key(mark)})

    def _put(self, mark: Mark, key: str, body: bytes) -> None:
        try:
            until(self._objects, mark.ends).put(key, body)
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


def _limits_key(key_id: str) -> JsonObject:
    return item.item({"pk": f"LIMITS#{key_id}", "sk": "LIMITS"})


def _answer_key(mark: Mark) -> JsonObject:
    return item.item({"pk": f"USER#{mark.user_id}", "sk": f"ANSWER#{sha256(mark.key.encode()).hexdigest()}"})


def _object_key(mark: Mark) -> str:
    """A name that no other request has: one that lost its mark cannot write over another's answer."""
    return f"answers/{sha256(mark.request_id.encode()).hexdigest()}"
