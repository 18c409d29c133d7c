"""The writes of the billing table, as DynamoDB's transactions take them. Pure: no call is made here."""

from typing import Any

from aggregator.billing.account_item import AMOUNT, COUNT
from aggregator.billing.entry_item import account_key, to_item
from aggregator.billing.model import Entry, Settlement
from aggregator.billing.money import NanoUsd
from aggregator.runtime import item

JsonObject = dict[str, Any]

_IDEMPOTENCY_SECONDS = 24 * 3600


def put_entry(table: str, entry: Entry) -> JsonObject:
    """One new entry; refused if it is there already: that is what makes a redelivered event harmless."""
    return {
        "Put": {
            "TableName": table,
            "Item": to_item(entry),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def release(table: str, settlement: Settlement) -> JsonObject:
    """Holds down, what is left over back to available; refused if a bucket no longer holds the money."""
    names: JsonObject = {}
    values: JsonObject = {":zero": 0, ":back": settlement.to_available_nano_usd}
    sets = ["available = if_not_exists(available, :zero) + :back"]
    conditions = []
    for n, (bucket, held) in enumerate(settlement.released.items()):
        names |= {f"#hold{n}": AMOUNT + bucket, f"#holds{n}": COUNT + bucket}
        values |= {f":hold{n}": held.amount_nano_usd, f":holds{n}": held.count}
        sets += [f"#hold{n} = #hold{n} - :hold{n}", f"#holds{n} = #holds{n} - :holds{n}"]
        conditions += [f"#hold{n} >= :hold{n}", f"#holds{n} >= :holds{n}"]
    if settlement.late_debit_nano_usd:
        values[":debit"] = settlement.late_debit_nano_usd
        conditions.append("available >= :debit")
    update: JsonObject = {
        "TableName": table,
        "Key": balance_key(settlement.user_id),
        "UpdateExpression": "SET " + ", ".join(sets),
        "ExpressionAttributeValues": item.item(values),
    }
    if names:
        update["ExpressionAttributeNames"] = names
    if conditions:
        update["ConditionExpression"] = " AND ".join(conditions)
    return update


def move(table: str, entry: Entry) -> JsonObject:
    """An entry's effect on the wallet; refused if the wallet has too little for it."""
    update: JsonObject = {
        "TableName": table,
        "Key": balance_key(entry.user_id),
        "UpdateExpression": "SET available = if_not_exists(available, :zero) + :amount",
        "ExpressionAttributeValues": item.item({":zero": 0, ":amount": entry.amount_nano_usd}),
    }
    if entry.amount_nano_usd < 0:
        update["ConditionExpression"] = "available >= :needed"
        update["ExpressionAttributeValues"] |= item.item({":needed": -entry.amount_nano_usd})
    return update


def remember(table: str, entry: Entry, key: str, body_hash: str, now_epoch_seconds: int) -> JsonObject:
    """An Idempotency-Key and what it led to, for 24 hours; refused if it was used in that time."""
    kept = item.item({
        "entry_id": entry.id,
        "body_hash": body_hash,
        "expires_at": now_epoch_seconds + _IDEMPOTENCY_SECONDS,
    })  # fmt: skip
    return {
        "Put": {
            "TableName": table,
            "Item": idempotency_key(entry.user_id, key) | kept,
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
            "ExpressionAttributeValues": item.item({":now": now_epoch_seconds}),
        }
    }


def give_back(table: str, entry: Entry, refundable_nano_usd: NanoUsd) -> JsonObject:
    """A refund, counted against the entry it gives back; refused beyond `refundable_nano_usd` in all."""
    return {
        "Update": {
            "TableName": table,
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


def balance_key(user_id: str) -> JsonObject:
    """Key of a user's account item."""
    return item.item({"pk": account_key(user_id), "sk": "BALANCE"})


def idempotency_key(user_id: str, key: str) -> JsonObject:
    """Key of what an Idempotency-Key led to."""
    return item.item({"pk": account_key(user_id), "sk": f"IDEMPOTENCY#{key}"})
