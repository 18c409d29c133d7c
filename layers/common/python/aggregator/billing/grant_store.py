"""The billing table, for who gives grants and for who settles requests that grants may pay.

| pk             | sk                      | what                                                                    |
|----------------|-------------------------|-------------------------------------------------------------------------|
| ACCOUNT#<user> | GRANTS                  | `left`: for each grant with something left, how much, and when it ends  |
| ACCOUNT#<user> | GRANT#<grant id>        | a grant as it was given, and `expired`; its id is that of its entry     |
| ACCOUNT#<user> | GIVEN#<key>             | which grant was given under a name of its giver's; kept for ever        |
| GRANTSDUE      | <end>#<user>#<grant id> | a grant that is to be looked at when it ends                            |
"""

from collections.abc import Iterator
from typing import NamedTuple

from aggregator.billing import grant_writes, writes
from aggregator.billing.entry import Entry
from aggregator.billing.grant_writes import Given, given_of, grants_of
from aggregator.billing.grants import Purse, PurseChange
from aggregator.billing.keys import (
    DUE,
    GRANT_PREFIX,
    account_key,
    due_key,
    given_key,
    grant_key,
    purse_key,
    refunded_key,
)
from aggregator.billing.model import Account, day_of
from aggregator.billing.money import NanoUsd
from aggregator.billing.store import NOTHING_SWEPT, BillingStore
from aggregator.runtime import item
from aggregator.runtime.aws import JsonObject

_BEYOND_ALL = "~"


class Due(NamedTuple):
    """A grant that ends, or ended, and whose."""

    ends_at: str
    user_id: str
    grant_id: str

    @classmethod
    def of(cls, key: str) -> "Due":
        """Read the name that it waits under; a user's id has no `#` in it."""
        ends_at, user_id, grant_id = key.split("#", 2)
        return cls(ends_at, user_id, grant_id)


class GrantStore(BillingStore):
    """Accounts, their ledger, and the grants within them."""

    def purse(self, account: Account) -> Purse:
        """The grants of an account that was read before; a write that names its version fails if they changed since."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": purse_key(account.user_id), "ConsistentRead": True,
        })  # fmt: skip
        return Purse(account.grants_version, grants_of(answer.get("Item") or {}))

    def give(
        self,
        entry: Entry,
        given: Given,
        change: PurseChange,
        *,
        key: str | None = None,
        idempotency: tuple[str, str] | None = None,
        now_epoch_seconds: int = 0,
        beside: JsonObject | None = None,
    ) -> None:
        """Write a new grant with its entry and its effect on the wallet, in one transaction.

        `key` is a name under which an account gets one grant, ever. `idempotency` is as in `book`. `beside` is one
        write more that it depends on.

        Raises:
            Stale: the grants are not as they were seen, the key or the Idempotency-Key was used, or what it depends on
                refused it.
        """
        day = day_of(self._clock())
        items: list[JsonObject] = [
            {"Update": writes.move(self._table, entry, NOTHING_SWEPT, day, purse=change)},
            writes.put_entry(self._table, entry, day),
            *grant_writes.purse_writes(self._table, given.user_id, change),
            *grant_writes.give(self._table, given, key),
        ]
        if idempotency is not None:
            items.append(writes.remember(self._table, entry, *idempotency, now_epoch_seconds))
        if beside is not None:
            items.append(beside)
        self._transact(items)

    def expire(self, entry: Entry, change: PurseChange) -> None:
        """Write what of grants goes back to the platform, in one transaction.

        Raises:
            Stale: that much is not available, or the grants are not as they were seen.
        """
        day = day_of(self._clock())
        self._transact([
            {"Update": writes.move(self._table, entry, NOTHING_SWEPT, day, purse=change)},
            writes.put_entry(self._table, entry, day),
            *grant_writes.purse_writes(self._table, entry.user_id, change),
        ])  # fmt: skip

    def due(self, until: str) -> Iterator[Due]:
        """Grants that ended at a moment or before and were not seen off, the one that ended first being the first."""
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({
                ":pk": DUE, ":first": "0", ":last": until + _BEYOND_ALL,
            }),
        }  # fmt: skip
        while True:
            answer = self._aws.call("Query", request)
            yield from (Due.of(stored["sk"]["S"]) for stored in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def see_off(self, due: Due) -> None:
        """A grant that ended and of which nothing is left needs no more looking at."""
        self._aws.call("DeleteItem", {
            "TableName": self._table, "Key": due_key(due.user_id, due.grant_id, due.ends_at),
        })  # fmt: skip

    def refund(
        self,
        entry: Entry,
        change: PurseChange,
        amount_nano_usd: NanoUsd,
        *,
        idempotency: tuple[str, str] | None = None,
        now_epoch_seconds: int = 0,
    ) -> None:
        """Write a refund of what grants paid, in one transaction; `amount_nano_usd` is what it counts as of its entry.

        How much of that was given back before, the caller read after the account: what changes it changes the version.

        Raises:
            Stale: the grants are not as they were seen, or the Idempotency-Key was used.
        """
        day = day_of(self._clock())
        items: list[JsonObject] = [
            {"Update": writes.move(self._table, entry, NOTHING_SWEPT, day, purse=change)},
            writes.put_entry(self._table, entry, day),
            *grant_writes.purse_writes(self._table, entry.user_id, change),
            grant_writes.count_refund(self._table, entry, amount_nano_usd),
        ]
        if idempotency is not None:
            items.append(writes.remember(self._table, entry, *idempotency, now_epoch_seconds))
        self._transact(items)

    def refunded(self, user_id: str, entry_id: str) -> NanoUsd:
        """How much of an entry has been given back."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": refunded_key(user_id, entry_id), "ConsistentRead": True,
        })  # fmt: skip
        return int(item.values(answer.get("Item") or {}).get("refunded", 0))

    def grant_ends_at(self, user_id: str, grant_id: str) -> str:
        """When a grant that is in the ledger ends, or ended."""
        given = self.given(user_id, grant_id)
        assert given is not None  # it was written with its entry, and is never deleted
        return given.ends_at

    def given_under(self, user_id: str, key: str) -> str | None:
        """The id of the grant that was given under a name of its giver's, if one was."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": given_key(user_id, key), "ConsistentRead": True,
        })  # fmt: skip
        return str(answer["Item"]["grant_id"]["S"]) if "Item" in answer else None

    def given(self, user_id: str, grant_id: str) -> Given | None:
        """A grant as it was given."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": grant_key(user_id, grant_id), "ConsistentRead": True,
        })  # fmt: skip
        return given_of(user_id, answer["Item"]) if "Item" in answer else None

    def all_given(self, user_id: str) -> Iterator[Given]:
        """All grants of an account, newest first."""
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({
                ":pk": account_key(user_id), ":first": GRANT_PREFIX, ":last": GRANT_PREFIX + _BEYOND_ALL,
            }),
            "ConsistentRead": True,
            "ScanIndexForward": False,
        }  # fmt: skip
        while True:
            answer = self._aws.call("Query", request)
            yield from (given_of(user_id, stored) for stored in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
