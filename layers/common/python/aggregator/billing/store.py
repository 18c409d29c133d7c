"""The billing table: the only module that touches it.

| pk               | sk                  | what                                                                       |
|------------------|---------------------|----------------------------------------------------------------------------|
| ACCOUNT#<user>   | BALANCE             | `available`; for each deadline bucket `hold#<bucket>` and `holds#<bucket>` |
| ACCOUNT#<user>   | ENTRY#<entry id>    | one immutable ledger entry; ids sort by time                               |
| ACCOUNT#<user>   | REFUNDED#<entry id> | how much of an entry has been given back                                   |
| ACCOUNT#<user>   | IDEMPOTENCY#<key>   | the entry a booked Idempotency-Key led to, for 24 hours                    |

Amounts are nano-US-dollars. `hold#` is the money in a bucket, `holds#` the number of requests it is for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.billing.entry_item import ENTRY_PREFIX, account_key, entry_key, from_item, to_item
from aggregator.billing.model import Account, Entry, Held, Settlement
from aggregator.billing.money import NanoUsd
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, TRANSACTION_CANCELED, Aws, AwsError

JsonObject = dict[str, Any]

_AMOUNT = "hold#"
_COUNT = "holds#"
_CANCELLED_FOR_CONDITION = "ConditionalCheckFailed"
_IDEMPOTENCY_SECONDS = 24 * 3600


class Short(Exception):
    """The account does not have that much available; `account` is what it has. Nothing was written."""

    def __init__(self, account: Account) -> None:
        super().__init__("not enough available")
        self.account = account


class Stale(Exception):
    """The account or an entry is not as the plan took it to be. Nothing was written: read and plan again."""


@dataclass(frozen=True, slots=True)
class Booked:
    """What an Idempotency-Key led to before."""

    entry_id: str
    body_hash: str


class BillingStore:
    """Accounts and ledger entries in DynamoDB."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def hold(self, user_id: str, amount_nano_usd: NanoUsd, bucket: str) -> NanoUsd:
        """Move an amount from available to held; return what is available after it.

        One conditional write of one item: such writes queue up, so they may race without limit.

        Raises:
            Short: less than that is available.
        """
        try:
            answer = self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": _balance_key(user_id),
                "UpdateExpression": "SET available = available - :amount ADD #hold :amount, #holds :one",
                "ConditionExpression": "available >= :amount",
                "ExpressionAttributeNames": {"#hold": _AMOUNT + bucket, "#holds": _COUNT + bucket},
                "ExpressionAttributeValues": item.item({":amount": amount_nano_usd, ":one": 1}),
                "ReturnValues": "UPDATED_NEW",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            raise Short(_account(user_id, refused.item or {})) from None
        return int(answer["Attributes"]["available"]["N"])

    def sweep(self, user_id: str, lapsed: Mapping[str, Held]) -> bool:
        """Return lapsed buckets to available; whether it was this call that did (another may have been first)."""
        names: dict[str, str] = {}
        values: dict[str, int] = {":sum": 0}
        removed: list[str] = []
        unchanged: list[str] = []
        for n, (bucket, held) in enumerate(lapsed.items()):
            names |= {f"#hold{n}": _AMOUNT + bucket, f"#holds{n}": _COUNT + bucket}
            values |= {f":hold{n}": held.amount_nano_usd, f":holds{n}": held.count}
            values[":sum"] += held.amount_nano_usd
            removed += [f"#hold{n}", f"#holds{n}"]
            unchanged += [f"#hold{n} = :hold{n}", f"#holds{n} = :holds{n}"]
        try:
            self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": _balance_key(user_id),
                "UpdateExpression": f"SET available = available + :sum REMOVE {', '.join(removed)}",
                "ConditionExpression": " AND ".join(unchanged),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": item.item(values),
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True

    def account(self, user_id: str) -> Account:
        """A user's account as it is now (consistent read); one that was never funded is empty."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": _balance_key(user_id), "ConsistentRead": True,
        })  # fmt: skip
        return _account(user_id, answer.get("Item") or {})

    def settle(self, settlement: Settlement) -> None:
        """Write entries, release their holds and return what is left over, in one transaction.

        Raises:
            Stale: an entry is there already, or a bucket no longer holds the money.
        """
        puts = [self._put_entry(entry) for entry in settlement.entries]
        try:
            self._aws.call("TransactWriteItems", {
                "TransactItems": [{"Update": self._release(settlement)}, *puts],
            })  # fmt: skip
        except AwsError as refused:
            if _failed_conditions(refused):
                raise Stale from None
            raise

    def booked_entries(self, user_id: str, entry_ids: Sequence[str]) -> set[str]:
        """Which of these entries are in the ledger already (consistent read); at most 100."""
        keys = [entry_key(user_id, entry_id) for entry_id in entry_ids]
        found: set[str] = set()
        while keys:
            answer = self._aws.call("BatchGetItem", {
                "RequestItems": {
                    self._table: {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": "sk"},
                },
            })  # fmt: skip
            found |= {
                row["sk"]["S"].removeprefix(ENTRY_PREFIX) for row in answer["Responses"].get(self._table, ())
            }
            keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        return found

    def book(
        self,
        entry: Entry,
        *,
        idempotency: tuple[str, str] | None = None,
        now_epoch_seconds: int = 0,
        refundable_nano_usd: NanoUsd | None = None,
    ) -> None:
        """Write an entry and its effect on the wallet, in one transaction.

        `idempotency` is a key and the hash of its body, kept for 24 hours. `refundable_nano_usd` is the most that
        may be given back of the entry this one refers to, all its refunds together.

        Raises:
            Stale: the wallet has too little for it, the Idempotency-Key was used, or the refund is too much.
        """
        items: list[JsonObject] = [
            {"Update": self._move(entry)},
            self._put_entry(entry),
        ]
        if idempotency is not None:
            items.append(self._remember(entry, *idempotency, now_epoch_seconds))
        if refundable_nano_usd is not None:
            items.append(self._give_back(entry, refundable_nano_usd))
        try:
            self._aws.call("TransactWriteItems", {"TransactItems": items})
        except AwsError as refused:
            if _failed_conditions(refused):
                raise Stale from None
            raise

    def booked_for(self, user_id: str, idempotency_key: str) -> Booked | None:
        """What this Idempotency-Key led to, if it was used in the last 24 hours."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": _idempotency_key(user_id, idempotency_key), "ConsistentRead": True,
        })  # fmt: skip
        if "Item" not in answer:
            return None
        values = item.values(answer["Item"])
        return Booked(entry_id=values["entry_id"], body_hash=values["body_hash"])

    def entry(self, user_id: str, entry_id: str) -> Entry | None:
        """One entry of a user's ledger."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": entry_key(user_id, entry_id), "ConsistentRead": True,
        })  # fmt: skip
        return from_item(answer["Item"]) if "Item" in answer else None

    def _put_entry(self, entry: Entry) -> JsonObject:
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(entry),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _release(self, settlement: Settlement) -> JsonObject:
        names: JsonObject = {}
        values: JsonObject = {":zero": 0, ":back": settlement.to_available_nano_usd}
        sets = ["available = if_not_exists(available, :zero) + :back"]
        conditions = []
        for n, (bucket, held) in enumerate(settlement.released.items()):
            names |= {f"#hold{n}": _AMOUNT + bucket, f"#holds{n}": _COUNT + bucket}
            values |= {f":hold{n}": held.amount_nano_usd, f":holds{n}": held.count}
            sets += [f"#hold{n} = #hold{n} - :hold{n}", f"#holds{n} = #holds{n} - :holds{n}"]
            conditions += [f"#hold{n} >= :hold{n}", f"#holds{n} >= :holds{n}"]
        if settlement.late_debit_nano_usd:
            values[":debit"] = settlement.late_debit_nano_usd
            conditions.append("available >= :debit")
        update: JsonObject = {
            "TableName": self._table,
            "Key": _balance_key(settlement.user_id),
            "UpdateExpression": "SET " + ", ".join(sets),
            "ExpressionAttributeValues": item.item(values),
        }
        if names:
            update["ExpressionAttributeNames"] = names
        if conditions:
            update["ConditionExpression"] = " AND ".join(conditions)
        return update

    def _move(self, entry: Entry) -> JsonObject:
        update: JsonObject = {
            "TableName": self._table,
            "Key": _balance_key(entry.user_id),
            "UpdateExpression": "SET available = if_not_exists(available, :zero) + :amount",
            "ExpressionAttributeValues": item.item({":zero": 0, ":amount": entry.amount_nano_usd}),
        }
        if entry.amount_nano_usd < 0:
            update["ConditionExpression"] = "available >= :needed"
            update["ExpressionAttributeValues"] |= item.item({":needed": -entry.amount_nano_usd})
        return update

    def _remember(self, entry: Entry, key: str, body_hash: str, now_epoch_seconds: int) -> JsonObject:
        kept = item.item({
            "entry_id": entry.id,
            "body_hash": body_hash,
            "expires_at": now_epoch_seconds + _IDEMPOTENCY_SECONDS,
        })  # fmt: skip
        return {
            "Put": {
                "TableName": self._table,
                "Item": _idempotency_key(entry.user_id, key) | kept,
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
                "ExpressionAttributeValues": item.item({":now": now_epoch_seconds}),
            }
        }

    def _give_back(self, entry: Entry, refundable_nano_usd: NanoUsd) -> JsonObject:
        return {
            "Update": {
                "TableName": self._table,
                "Key": item.item({"pk": account_key(entry.user_id), "sk": f"REFUNDED#{entry.refers_to}"}),
                "UpdateExpression": "ADD refunded :amount",
                "ConditionExpression": "attribute_not_exists(refunded) OR refunded <= :room",
                "ExpressionAttributeValues": item.item(
                    {
                        ":amount": entry.amount_nano_usd,
                        ":room": refundable_nano_usd - entry.amount_nano_usd,
                    }
                ),
            }
        }


def _balance_key(user_id: str) -> JsonObject:
    return item.item({"pk": account_key(user_id), "sk": "BALANCE"})


def _idempotency_key(user_id: str, key: str) -> JsonObject:
    return item.item({"pk": account_key(user_id), "sk": f"IDEMPOTENCY#{key}"})


def _account(user_id: str, stored: Mapping[str, Any]) -> Account:
    values = item.values(stored)
    buckets: Iterable[str] = (name.removeprefix(_AMOUNT) for name in values if name.startswith(_AMOUNT))
    return Account(
        user_id=user_id,
        available_nano_usd=values.get("available", 0),
        holds={bucket: Held(values[_AMOUNT + bucket], values.get(_COUNT + bucket, 0)) for bucket in buckets},
    )


def _failed_conditions(refused: AwsError) -> bool:
    return refused.code == TRANSACTION_CANCELED and any(
        reason.get("Code") == _CANCELLED_FOR_CONDITION for reason in refused.reasons
    )
