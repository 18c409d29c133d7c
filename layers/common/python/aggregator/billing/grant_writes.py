"""The writes of grants, as DynamoDB's transactions take them. Pure: no call is made here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aggregator.billing.entry import Entry
from aggregator.billing.grants import Grant, PurseChange
from aggregator.billing.keys import due_key, given_key, grant_key, purse_key, refunded_key
from aggregator.billing.money import NanoUsd
from aggregator.runtime import item

JsonObject = dict[str, Any]

_LEFT = "left"


@dataclass(frozen=True, slots=True)
class Given:
    """A grant as it was given, and what of it has expired; what is left of it the account's purse says."""

    id: str
    user_id: str
    amount_nano_usd: NanoUsd
    ends_at: str
    given_at: str
    reason: str | None = None
    code_id: str | None = None
    expired_nano_usd: NanoUsd = 0


def purse_writes(table: str, user_id: str, change: PurseChange) -> list[JsonObject]:
    """What is left of the grants, if that changed, and how much of which expired.

    The account's version, which the same transaction asks for, makes sure that nobody wrote them meanwhile.
    """
    items: list[JsonObject] = []
    if set(change.after) != set(change.before.grants):
        items.append(_put_purse(table, user_id, change.after))
    items += [_expire(table, user_id, grant_id, amount) for grant_id, amount in change.expired.items()]
    return items


def give(table: str, given: Given, key: str | None) -> list[JsonObject]:
    """What was said of a new grant, its place among those that will end, and the name that it is given under once."""
    values = item.item({
        "amount": given.amount_nano_usd, "ends_at": given.ends_at, "given_at": given.given_at,
        **({} if given.reason is None else {"reason": given.reason}),
        **({} if given.code_id is None else {"code_id": given.code_id}),
    })  # fmt: skip
    items = [
        _put_new(table, grant_key(given.user_id, given.id) | values),
        _put_new(table, due_key(given.user_id, given.id, given.ends_at)),
    ]
    if key is not None:
        items.append(_put_new(table, given_key(given.user_id, key) | item.item({"grant_id": given.id})))
    return items


def count_refund(table: str, entry: Entry, amount_nano_usd: NanoUsd) -> JsonObject:
    """A refund, counted against the entry that it gives back, whatever of it the wallet gets."""
    return {
        "Update": {
            "TableName": table,
            "Key": refunded_key(entry.user_id, entry.refers_to),
            "UpdateExpression": "ADD refunded :amount",
            "ExpressionAttributeValues": item.item({":amount": amount_nano_usd}),
        }
    }


def given_of(user_id: str, stored: JsonObject) -> Given:
    """Read what `give` wrote."""
    values = item.values(stored)
    return Given(
        id=values["sk"].partition("#")[2],
        user_id=user_id,
        amount_nano_usd=values["amount"],
        ends_at=values["ends_at"],
        given_at=values["given_at"],
        reason=values.get("reason"),
        code_id=values.get("code_id"),
        expired_nano_usd=values.get("expired", 0),
    )


def grants_of(stored: JsonObject) -> tuple[Grant, ...]:
    """Read what is left of an account's grants."""
    left = item.values(stored).get(_LEFT, {})
    return tuple(Grant(grant_id, amount, ends_at) for grant_id, (amount, ends_at) in left.items())


def _put_purse(table: str, user_id: str, grants: Iterable[Grant]) -> JsonObject:
    left = {grant.id: [grant.left_nano_usd, grant.ends_at] for grant in grants}
    return {"Put": {"TableName": table, "Item": purse_key(user_id) | item.item({_LEFT: left})}}


def _expire(table: str, user_id: str, grant_id: str, amount_nano_usd: NanoUsd) -> JsonObject:
    return {
        "Update": {
            "TableName": table,
            "Key": grant_key(user_id, grant_id),
            "UpdateExpression": "ADD expired :amount",
            "ExpressionAttributeValues": item.item({":amount": amount_nano_usd}),
        }
    }


def _put_new(table: str, stored: JsonObject) -> JsonObject:
    return {"Put": {"TableName": table, "Item": stored, "ConditionExpression": "attribute_not_exists(pk)"}}
