"""The billing table as reconciling reads and closes it: whole ledgers in pages, checkpoints, the list of accounts.

| pk             | sk          | what                                                                           |
|----------------|-------------|--------------------------------------------------------------------------------|
| ACCOUNT#<user> | BOOKS#<day> | checkpoint: what all entries written up to that UTC day come to; never changed |

All reads are consistent but for the list of accounts, which decides nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aggregator.billing.account_item import CLOSED_AMOUNT, CLOSED_ON, ENTRIES, POSTED, account_of
from aggregator.billing.books import Closing, Tally, fingerprint_of
from aggregator.billing.entry import Entry
from aggregator.billing.entry_item import from_item
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.keys import ACCOUNT_PREFIX, ENTRY_PREFIX, account_key, balance_key, entry_key
from aggregator.billing.model import Account
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError

JsonObject = dict[str, Any]

_BOOKS_PREFIX = "BOOKS#"
_PAGE = 500
"""Entries read at a time: some 270 KB, so that a function of 128 MB has room for them."""
_BEYOND_ALL = "~"


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of a ledger in the order of their ids, with their fingerprints; `after` is where the next begins."""

    entries: list[tuple[Entry, int]]
    after: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A partition of the table; `account` is None where an account item ought to be first and is not there."""

    key: str
    user_id: str | None
    account: Account | None


class BooksStore(GrantStore):
    """The billing table, for who checks it."""

    def __init__(self, aws: Aws, table: str) -> None:
        super().__init__(aws, table)

    def listed(self, after: str | None = None) -> Iterator[Listed]:
        """Every partition of the table, each by one read of its first item; eventually consistent.

        An account item sorts before all else of its account, so the entries are jumped over, however many there are.
        Source: AWS Database Blog, "Generate a distinct set of partition keys for an Amazon DynamoDB table efficiently".
        """
        while True:
            request: JsonObject = {"TableName": self._table, "Limit": 1}
            if after is not None:
                request["ExclusiveStartKey"] = item.item({"pk": after, "sk": _BEYOND_ALL})
            answer = self._aws.call("Scan", request)
            for stored in answer["Items"]:
                after = stored["pk"]["S"]
                yield _listed(stored)
            if "LastEvaluatedKey" not in answer:
                return
            after = answer["LastEvaluatedKey"]["pk"]["S"]

    def page(self, user_id: str, first_id: str, after: str | None) -> Page:
        """The next entries of a ledger from `first_id` on, oldest first."""
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({
                ":pk": account_key(user_id),
                ":first": ENTRY_PREFIX + first_id,
                ":last": ENTRY_PREFIX + _BEYOND_ALL,
            }),
            "ConsistentRead": True,
            "Limit": _PAGE,
        }  # fmt: skip
        if after is not None:
            request["ExclusiveStartKey"] = entry_key(user_id, after)
        answer = self._aws.call("Query", request)
        last = answer.get("LastEvaluatedKey")
        return Page(
            [(from_item(each), fingerprint_of(each)) for each in answer["Items"]],
            last["sk"]["S"].removeprefix(ENTRY_PREFIX) if last else None,
        )

    def closing(self, user_id: str, day: str) -> Closing | None:
        """One checkpoint; None if it is not there, or does not bear its own seal."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": _closing_key(user_id, day), "ConsistentRead": True,
        })  # fmt: skip
        values = item.values(answer.get("Item") or {})
        if not values:
            return None
        tally = Tally.from_json([values["amount"], values["entries"], values["fingerprint"]])
        found = Closing(user_id, day, tally, values["last_id"], values["before"], values["closed_at"])
        return found if found.seal == values["seal"] else None

    def close(self, closing: Closing, account: Account) -> bool:
        """Write a checkpoint, then take the days that it covers out of the account; safe to be done again.

        The second write is a plain one, so that no request of the user collides with a transaction. Whether the
        checkpoint stands: False if there is another one of that day, which says something else.
        """
        amount, entries, fingerprint = closing.tally.to_json()
        stored = _closing_key(closing.user_id, closing.day) | item.item({
            "amount": amount, "entries": entries, "fingerprint": fingerprint, "last_id": closing.last_id,
            "before": closing.before, "seal": closing.seal, "closed_at": closing.closed_at,
        })  # fmt: skip
        try:
            self._aws.call("PutItem", {
                "TableName": self._table, "Item": stored, "ConditionExpression": "attribute_not_exists(pk)",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            if self.closing(closing.user_id, closing.day) != closing:
                return False
        self._take_out(closing, account)
        return True

    def _take_out(self, closing: Closing, account: Account) -> None:
        names: dict[str, str] = {}
        values: JsonObject = {":day": closing.day, ":amount": closing.tally.amount_nano_usd}
        conditions = [f"attribute_not_exists({CLOSED_ON})"]
        if account.closed_on is not None:
            values[":before"] = account.closed_on
            conditions = [f"{CLOSED_ON} = :before"]
        for n, (day, posted) in enumerate(sorted(account.days.items())):
            if day <= closing.day:
                names |= {f"#p{n}": POSTED + day, f"#n{n}": ENTRIES + day}
                values |= {f":p{n}": posted.amount_nano_usd, f":n{n}": posted.entries}
                conditions += [f"#p{n} = :p{n}", f"#n{n} = :n{n}"]
        change: JsonObject = {
            "TableName": self._table,
            "Key": balance_key(closing.user_id),
            "UpdateExpression": f"SET {CLOSED_ON} = :day, {CLOSED_AMOUNT} = :amount",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeValues": item.item(values),
        }
        if names:
            change["UpdateExpression"] += f" REMOVE {', '.join(names)}"
            change["ExpressionAttributeNames"] = names
        try:
            self._aws.call("UpdateItem", change)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:  # somebody else has closed them
                raise


def _listed(stored: JsonObject) -> Listed:
    key: str = stored["pk"]["S"]
    if not key.startswith(ACCOUNT_PREFIX):
        return Listed(key, None, None)
    user_id = key.removeprefix(ACCOUNT_PREFIX)
    return Listed(key, user_id, account_of(user_id, stored) if stored["sk"]["S"] == "BALANCE" else None)


def _closing_key(user_id: str, day: str) -> JsonObject:
    return item.item({"pk": account_key(user_id), "sk": _BOOKS_PREFIX + day})
