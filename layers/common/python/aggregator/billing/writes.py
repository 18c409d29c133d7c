"""The writes of the billing table, as DynamoDB's transactions take them. Pure: no call is made here."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aggregator.billing.account_item import (
    AMOUNT,
    COUNT,
    ENTRIES,
    GRANTED,
    GRANTS_VERSION,
    LAPSED_AMOUNT,
    LAPSED_REQUESTS,
    POSTED,
    SUSPENDED,
    USER_VERSION,
)
from aggregator.billing.keys import balance_key, booked_key, refunded_key
from aggregator.billing.model import Held
from aggregator.billing.money import NanoUsd
from aggregator.runtime import item

if TYPE_CHECKING:
    from aggregator.billing.entry import Entry, Settlement
    from aggregator.billing.grants import PurseChange

JsonObject = dict[str, Any]

_IDEMPOTENCY_SECONDS = 24 * 3600


def put_entry(table: str, entry: "Entry", day: str) -> JsonObject:
    """One new entry, written on `day`; refused if it is there already: that makes a redelivered event harmless."""
    from aggregator.billing.entry_item import to_item  # noqa: PLC0415 (a chat writes no entry)

    return {
        "Put": {
            "TableName": table,
            "Item": to_item(entry, written_on=day),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def sweep(table: str, user_id: str, lapsed: Mapping[str, Held]) -> JsonObject:
    """Lapsed buckets back to available; refused if one of them is not as it was seen."""
    change = _Change(user_id)
    change.sweep(lapsed, {})
    return change.update(table)


def release(table: str, settlement: "Settlement", day: str) -> JsonObject:
    """Holds down, what is left over back to available; refused if a bucket no longer holds the money.

    A lapsed bucket that is swept for late usage goes as a whole: what this batch had in it, and the rest. It is refused
    as well if the account has grants and the plan knew of none, or not of all that became of them.
    """
    change = _Change(settlement.user_id)
    change.grants(settlement.purse)
    change.add(settlement.to_available_nano_usd)
    change.count(settlement.entries, day)
    change.sweep(settlement.swept, settlement.released)
    for bucket, held in settlement.released.items():
        if bucket not in settlement.swept:
            change.take(bucket, held)
    return change.update(table)


def return_rest(
    table: str, user_id: str, bucket: str, held_nano_usd: NanoUsd, rest_nano_usd: NanoUsd
) -> JsonObject:
    """What one hold does not need back to available; refused if its bucket does not hold all of it any more.

    Its request goes on being counted there, for it is yet to be settled; but a hold of which nothing stays is over.
    """
    is_over = rest_nano_usd == held_nano_usd
    change = _Change(user_id)
    change.add(rest_nano_usd)
    change.take(bucket, Held(rest_nano_usd, int(is_over)), of=Held(held_nano_usd, 1))
    return change.update(table)


def suspend(table: str, user_id: str, version: int, member: str | None) -> JsonObject:
    """A wallet from which nothing is reserved, or nothing for a member; refused if a later version was written here."""
    change = _state(table, user_id, version, member)
    change["UpdateExpression"] += ", #suspended = :yes"
    change["ExpressionAttributeValues"] |= item.item({":yes": True})
    return change


def resume(table: str, user_id: str, version: int, member: str | None) -> JsonObject:
    """The contrary; a wallet that is not there stays empty."""
    change = _state(table, user_id, version, member)
    change["UpdateExpression"] += " REMOVE #suspended"
    return change


def _state(table: str, user_id: str, version: int, member: str | None) -> JsonObject:
    whose = "" if member is None else f"#{member}"
    return {
        "TableName": table,
        "Key": balance_key(user_id),
        "UpdateExpression": "SET #version = :version, available = if_not_exists(available, :zero)",
        "ConditionExpression": "attribute_not_exists(#version) OR #version <= :version",
        "ExpressionAttributeNames": {"#version": USER_VERSION + whose, "#suspended": SUSPENDED + whose},
        "ExpressionAttributeValues": item.item({":version": version, ":zero": 0}),
    }


def move(
    table: str,
    entry: "Entry",
    swept: Mapping[str, Held],
    day: str,
    *,
    grants_version: int | None = None,
    purse: "PurseChange | None" = None,
) -> JsonObject:
    """An entry's effect on the wallet, lapsed buckets swept for it; refused if the wallet has too little for it.

    What takes paid credit is refused while there are grants, unless it knows the version of the account at which there
    was enough beside them. `purse` is what an entry does to the grants themselves.
    """
    change = _Change(entry.user_id)
    if purse is not None:
        change.grants(purse)
    elif entry.amount_nano_usd < 0:
        change.beside_grants(grants_version)
    change.add(entry.amount_nano_usd)
    change.count([entry], day)
    change.sweep(swept, {})
    return change.update(table)


class _Change:
    """One update of an account item, put together: whoever spends, spends lapsed money by the same conditions."""

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id
        self._to_available = 0
        self._names: JsonObject = {}
        self._day_names: JsonObject = {}
        self._values: JsonObject = {}
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._adds: list[str] = []
        self._conditions: list[str] = []

    def add(self, amount_nano_usd: NanoUsd) -> None:
        """Put an amount to what is available; less than nothing takes it."""
        self._to_available += amount_nano_usd

    def grants(self, purse: "PurseChange | None") -> None:
        """Change what is left of grants, which must be as they were seen; None where there must be none."""
        if purse is None:
            self.beside_grants(None)
            return
        self._see(purse.before.version)
        if purse.granted_nano_usd:
            self._sets.append(f"{GRANTED} = :granted")
            self._values[":granted"] = purse.granted_nano_usd
        else:
            self._removes.append(GRANTED)

    def beside_grants(self, version: int | None) -> None:
        """Take paid credit: where there are no grants, or where nobody took any since a version of the account."""
        if version is None:
            self._conditions.append(f"attribute_not_exists({GRANTED})")
        else:
            self._see(version)

    def _see(self, version: int) -> None:
        """Be the next version of the account's grants, if it is at the one that was seen."""
        self._sets.append(f"{GRANTS_VERSION} = :next")
        self._values[":next"] = version + 1
        if version:
            self._conditions.append(f"{GRANTS_VERSION} = :seen")
            self._values[":seen"] = version
        else:
            self._conditions.append(f"attribute_not_exists({GRANTS_VERSION})")

    def count(self, entries: "Sequence[Entry]", day: str) -> None:
        """Count entries in the account's day, so that its books can be checked without reading all that is in them."""
        self._day_names = {"#posted": POSTED + day, "#entries": ENTRIES + day}
        self._values |= {
            ":posted": sum(entry.amount_nano_usd for entry in entries),
            ":entries": len(entries),
        }
        self._adds += ["#posted :posted", "#entries :entries"]

    def take(self, bucket: str, held: Held, *, of: Held | None = None) -> None:
        """Take `held` out of a bucket, which must have it, or all that it is a part `of`."""
        hold, holds = self._name(bucket)
        amount, count = self._value(held)
        self._sets += [f"{hold} = {hold} - {amount}", f"{holds} = {holds} - {count}"]
        if of is not None:
            amount, count = self._value(of, "of")
        self._conditions += [f"{hold} >= {amount}", f"{holds} >= {count}"]

    def sweep(self, lapsed: Mapping[str, Held], taken: Mapping[str, Held]) -> None:
        """Put lapsed buckets to what is available, as they are once `taken` is out of them; they go as a whole."""
        for bucket, held in lapsed.items():
            hold, holds = self._name(bucket)
            out = taken.get(bucket, Held(0, 0))
            amount, count = self._value(
                Held(held.amount_nano_usd + out.amount_nano_usd, held.requests + out.requests)
            )
            self._removes += [hold, holds]
            self._conditions += [f"{hold} = {amount}", f"{holds} = {count}"]
        if lapsed:
            returned = sum(held.amount_nano_usd for held in lapsed.values())
            self._to_available += returned
            self._adds += [f"{LAPSED_AMOUNT} :returned", f"{LAPSED_REQUESTS} :requests"]
            self._values |= {
                ":returned": returned,
                ":requests": sum(held.requests for held in lapsed.values()),
            }

    def update(self, table: str) -> JsonObject:
        """The update; refused as well if more is taken from what is available than is there."""
        sets = ["available = if_not_exists(available, :zero) + :to_available", *self._sets]
        expression = "SET " + ", ".join(sets)
        if self._removes:
            expression += " REMOVE " + ", ".join(self._removes)
        if self._adds:
            expression += " ADD " + ", ".join(self._adds)
        values = self._values | {":zero": 0, ":to_available": self._to_available}
        conditions = list(self._conditions)
        if self._to_available < 0:
            values[":needed"] = -self._to_available
            conditions.append("available >= :needed")
        update: JsonObject = {
            "TableName": table,
            "Key": balance_key(self._user_id),
            "UpdateExpression": expression,
            "ExpressionAttributeValues": item.item(values),
        }
        names = self._names | self._day_names
        if names:
            update["ExpressionAttributeNames"] = names
        if conditions:
            update["ConditionExpression"] = " AND ".join(conditions)
        return update

    def _name(self, bucket: str) -> tuple[str, str]:
        n = len(self._names) // 2
        self._names |= {f"#hold{n}": AMOUNT + bucket, f"#holds{n}": COUNT + bucket}
        return f"#hold{n}", f"#holds{n}"

    def _value(self, held: Held, what: str = "hold") -> tuple[str, str]:
        n = len(self._names) // 2 - 1
        self._values |= {f":{what}{n}": held.amount_nano_usd, f":{what}s{n}": held.requests}
        return f":{what}{n}", f":{what}s{n}"


def remember(table: str, entry: "Entry", key: str, body_hash: str, now_epoch_seconds: int) -> JsonObject:
    """An Idempotency-Key and what it led to, for 24 hours; refused if it was used in that time."""
    kept = item.item({
        "entry_id": entry.id,
        "body_hash": body_hash,
        "expires_at": now_epoch_seconds + _IDEMPOTENCY_SECONDS,
    })  # fmt: skip
    return {
        "Put": {
            "TableName": table,
            "Item": booked_key(entry.user_id, key) | kept,
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
            "ExpressionAttributeValues": item.item({":now": now_epoch_seconds}),
        }
    }


def give_back(table: str, entry: "Entry", refundable_nano_usd: NanoUsd) -> JsonObject:
    """A refund, counted against the entry it gives back; refused beyond `refundable_nano_usd` in all."""
    return {
        "Update": {
            "TableName": table,
            "Key": refunded_key(entry.user_id, entry.refers_to),
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
