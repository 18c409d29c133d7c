"""The billing table: accounts and entries. Who checks or adds them up has stores over it, see `docs/data-model.md`.

| pk               | sk                  | what                                                                       |
|------------------|---------------------|----------------------------------------------------------------------------|
| ACCOUNT#<user>   | BALANCE             | the account: see account_item.py                                           |
| ACCOUNT#<user>   | ENTRY#<entry id>    | one immutable ledger entry; ids sort by time                               |
| ACCOUNT#<user>   | REFUNDED#<entry id> | how much of an entry has been given back                                   |
| ACCOUNT#<user>   | IDEMPOTENCY#<key>   | the entry a booked Idempotency-Key led to, for 24 hours                    |

Amounts are nano-US-dollars.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from aggregator.billing import writes
from aggregator.billing.account_item import (
    ALERT_BELOW,
    AMOUNT,
    COUNT,
    SUSPENDED,
    account_of,
)
from aggregator.billing.keys import ENTRY_PREFIX, account_key, balance_key, booked_key, entry_key
from aggregator.billing.model import Account, Held, Hold, day_of, fullest
from aggregator.billing.money import NanoUsd
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, TRANSACTION_CANCELED, Aws, AwsError, once, until

if TYPE_CHECKING:
    from aggregator.billing.entry import Entry, Settlement

JsonObject = dict[str, Any]

NOTHING_SWEPT: Mapping[str, Held] = {}

_HOLDS = "available >= :needed AND attribute_not_exists(suspended) AND attribute_not_exists(on_plan)"
_HOLDS_ON_PLAN = "available >= :needed AND attribute_not_exists(suspended) AND on_plan = :plan"

_CANCELLED_FOR_CONDITION = "ConditionalCheckFailed"


class Short(Exception):
    """The account does not have that much, is suspended, or on another plan: it is `account`. Nothing was written."""

    def __init__(self, account: Account) -> None:
        super().__init__("not enough available")
        self.account = account


class Stale(Exception):
    """The account or an entry is not as the plan took it to be. Nothing was written: read and plan again."""


class Booked(NamedTuple):
    """What an Idempotency-Key led to before."""

    entry_id: str
    body_hash: str


class BillingStore:
    """Accounts and ledger entries in DynamoDB."""

    def __init__(self, aws: Aws, table: str, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells the day under which the account counts what is written."""
        self._aws = aws
        self._table = table
        self._clock = clock

    def hold(
        self,
        user_id: str,
        amount_nano_usd: NanoUsd,
        bucket: str,
        *,
        if_available: NanoUsd | None = None,
        member: str | None = None,
        plan: str | None = None,
    ) -> NanoUsd:
        """Move an amount from available to held; return what is available after it.

        With `if_available` only if that much is available, though less is held: who asks for a multiple of its hold
        learns with the refusal that the account is tight, and who is not refused pays nothing for having asked.
        `member` is who spends of a team's wallet. `plan` is the stamp of the plan that the amount was reckoned on.

        One conditional write of one item: such writes queue up, so they may race without limit.

        Raises:
            Short: less than that, or than the amount, is available; or whose it is, or the member, is suspended; or
                the wallet is on another plan.
        """
        names = {"#hold": AMOUNT + bucket, "#holds": COUNT + bucket}
        condition = _HOLDS if plan is None else _HOLDS_ON_PLAN
        if member is not None:
            names["#member"] = f"{SUSPENDED}#{member}"
            condition += " AND attribute_not_exists(#member)"
        values: JsonObject = {
            ":amount": amount_nano_usd,
            ":needed": max(amount_nano_usd, if_available or 0),
            ":one": 1,
        }
        if plan is not None:
            values[":plan"] = plan
        try:
            answer = self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": balance_key(user_id),
                "UpdateExpression": "SET available = available - :amount ADD #hold :amount, #holds :one",
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": item.item(values),
                "ReturnValues": "UPDATED_NEW",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            raise Short(account_of(user_id, refused.item or {})) from None
        return int(answer["Attributes"]["available"]["N"])

    def return_rest(
        self, user_id: str, hold: Hold, rest_nano_usd: NanoUsd, *, ends: float | None = None
    ) -> None:
        """Move what a hold does not need from its bucket to available, ahead of its settling.

        What may have been carried out is not repeated: done twice, it would return what others hold. It is over when
        the monotonic clock says `ends`.

        Raises:
            Stale: the bucket does not hold that much, or no request, any more; nothing was written.
            AwsError: as `has_surely_failed` tells, nothing was written, or it may have been.
        """
        change = writes.return_rest(self._table, user_id, hold.bucket, hold.amount_nano_usd, rest_nano_usd)
        try:
            once(until(self._aws, ends)).call("UpdateItem", change)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            raise Stale from None

    def sweep(self, user_id: str, lapsed: Mapping[str, Held]) -> bool:
        """Return lapsed buckets to available, the `MOST_BUCKETS` fullest if there are more.

        Whether it was this call that did: another may have been first.
        """
        try:
            self._aws.call("UpdateItem", writes.sweep(self._table, user_id, fullest(lapsed)))
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True

    def account(self, user_id: str) -> Account:
        """A user's account as it is now (consistent read); one that was never funded is empty."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": balance_key(user_id), "ConsistentRead": True,
        })  # fmt: skip
        return account_of(user_id, answer.get("Item") or {})

    def set_alert(self, user_id: str, below_nano_usd: NanoUsd | None) -> Account:
        """Set, or with None take away, the threshold under which the user's money counts as low."""
        if below_nano_usd is None:
            change: JsonObject = {"UpdateExpression": f"REMOVE {ALERT_BELOW}"}
        else:
            change = {
                "UpdateExpression": f"SET {ALERT_BELOW} = :below, available = if_not_exists(available, :zero)",
                "ExpressionAttributeValues": item.item({":below": below_nano_usd, ":zero": 0}),
            }
        answer = self._aws.call("UpdateItem", {
            "TableName": self._table, "Key": balance_key(user_id), "ReturnValues": "ALL_NEW", **change,
        })  # fmt: skip
        return account_of(user_id, answer["Attributes"])

    def suspend(self, user_id: str, version: int, *, member: str | None = None) -> None:
        """Let nothing be reserved from now on, whatever is there; also where there is no account yet.

        With `member`, of a team's wallet nothing for that user. `version` is that of the user, or team, that says so.
        What a later one said stands: calls may come in any order, and again.
        """
        self._follow(writes.suspend(self._table, user_id, version, member))

    def resume(self, user_id: str, version: int, *, member: str | None = None) -> None:
        """The contrary, by the same rule."""
        self._follow(writes.resume(self._table, user_id, version, member))

    def _follow(self, change: JsonObject) -> None:
        try:
            self._aws.call("UpdateItem", change)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise

    def settle(self, settlement: "Settlement") -> None:
        """Write entries, release their holds and return what is left over, in one transaction.

        Raises:
            Stale: an entry is there already, a bucket no longer holds the money, or the account's grants are not as the
                plan took them to be.
        """
        day = day_of(self._clock())
        puts = [writes.put_entry(self._table, entry, day) for entry in settlement.entries]
        if settlement.purse is not None:
            from aggregator.billing.grant_writes import purse_writes  # noqa: PLC0415 (a chat writes no grant)

            puts += purse_writes(self._table, settlement.user_id, settlement.purse)
        self._transact([{"Update": writes.release(self._table, settlement, day)}, *puts])

    def _transact(self, items: list[JsonObject]) -> None:
        try:
            self._aws.call("TransactWriteItems", {"TransactItems": items})
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
        entry: "Entry",
        *,
        idempotency: tuple[str, str] | None = None,
        now_epoch_seconds: int = 0,
        refundable_nano_usd: NanoUsd | None = None,
        swept: Mapping[str, Held] = NOTHING_SWEPT,
        grants_version: int | None = None,
    ) -> None:
        """Write an entry and its effect on the wallet, in one transaction.

        `swept` are lapsed buckets that become available with it, so that it can spend them. What takes paid credit says
        at which `grants_version` of the account it saw enough of it beside grants; None is for an account without any.
        `idempotency` is a key and the hash of its body, kept for 24 hours. `refundable_nano_usd` is the most that may
        be given back of the entry this one refers to, all its refunds together.

        Raises:
            Stale: the wallet has too little for it, or grants that were not known of, a swept bucket is not as it was
                seen, the Idempotency-Key was used, or the refund is too much.
        """
        day = day_of(self._clock())
        items: list[JsonObject] = [
            {"Update": writes.move(self._table, entry, swept, day, grants_version=grants_version)},
            writes.put_entry(self._table, entry, day),
        ]
        if idempotency is not None:
            items.append(writes.remember(self._table, entry, *idempotency, now_epoch_seconds))
        if refundable_nano_usd is not None:
            items.append(writes.give_back(self._table, entry, refundable_nano_usd))
        self._transact(items)

    def booked_for(self, user_id: str, idempotency_key: str, now_epoch_seconds: int) -> Booked | None:
        """What this Idempotency-Key led to, if it was used in the last 24 hours."""
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": booked_key(user_id, idempotency_key), "ConsistentRead": True,
        })  # fmt: skip
        values = item.values(answer.get("Item") or {})
        if not values or values["expires_at"] < now_epoch_seconds:  # DynamoDB forgets it in its own time
            return None
        return Booked(entry_id=values["entry_id"], body_hash=values["body_hash"])

    def entry(self, user_id: str, entry_id: str) -> "Entry | None":
        """One entry of a user's ledger."""
        from aggregator.billing.entry_item import from_item  # noqa: PLC0415 (a chat reads no entry)

        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": entry_key(user_id, entry_id), "ConsistentRead": True,
        })  # fmt: skip
        return from_item(answer["Item"]) if "Item" in answer else None

    def entries(
        self, user_id: str, first_id: str, last_id: str, *, limit: int, after: str | None = None
    ) -> "tuple[list[Entry], str | None]":
        """A user's entries with ids from `first_id` to `last_id`, newest first, at most `limit` of them.

        The second value is where the next page begins (to be given as `after`), None at the end.
        """
        from aggregator.billing.entry_item import from_item  # noqa: PLC0415 (a chat reads no entry)

        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({
                ":pk": account_key(user_id),
                ":first": ENTRY_PREFIX + first_id,
                ":last": ENTRY_PREFIX + last_id,
            }),
            "ScanIndexForward": False,
            "Limit": limit,
        }  # fmt: skip
        if after is not None:
            request["ExclusiveStartKey"] = entry_key(user_id, after)
        answer = self._aws.call("Query", request)
        entries = [from_item(each) for each in answer["Items"]]
        return entries, entries[-1].id if "LastEvaluatedKey" in answer else None


def _failed_conditions(refused: AwsError) -> bool:
    return refused.code == TRANSACTION_CANCELED and any(
        reason.get("Code") == _CANCELLED_FOR_CONDITION for reason in refused.reasons
    )
