"""The billing table as a bill reads it: ledgers of a month, oldest entry first, and the list of wallets."""

from collections.abc import Iterator
from typing import Any

from aggregator.billing.books_store import BooksStore
from aggregator.billing.entry import Entry
from aggregator.billing.entry_item import from_item
from aggregator.billing.keys import ACCOUNT_PREFIX, ENTRY_PREFIX, account_key, entry_key
from aggregator.runtime import item

JsonObject = dict[str, Any]

_PAGE = 1_000
"""Entries read at a time: somewhat under the 1 MB that DynamoDB answers at the most."""


class LedgerStore(BooksStore):
    """The billing table, for who adds it up. Reads are eventually consistent: settling takes longer than a replica."""

    def wallets(self, after: str | None) -> Iterator[str]:
        """Every wallet that there is, in the table's order, from behind the wallet `after`."""
        for listed in self.listed(None if after is None else ACCOUNT_PREFIX + after):
            if listed.user_id is not None:
                yield listed.user_id

    def read(
        self, wallet_id: str, first_id: str, last_id: str, after: str | None
    ) -> tuple[list[Entry], str | None]:
        """See `bill.Ledgers.read`."""
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({
                ":pk": account_key(wallet_id),
                ":first": ENTRY_PREFIX + first_id,
                ":last": ENTRY_PREFIX + last_id,
            }),
            "Limit": _PAGE,
        }  # fmt: skip
        if after is not None:
            request["ExclusiveStartKey"] = entry_key(wallet_id, after)
        answer = self._aws.call("Query", request)
        last = answer.get("LastEvaluatedKey")
        entries = [from_item(each) for each in answer["Items"]]
        return entries, last["sk"]["S"].removeprefix(ENTRY_PREFIX) if last else None
