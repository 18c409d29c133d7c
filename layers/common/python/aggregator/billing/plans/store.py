"""Plans in the billing table, and which wallets are on them.

| pk               | sk                | what                                                                          |
|------------------|-------------------|-------------------------------------------------------------------------------|
| PLANS            | PLAN#<planId>     | a plan as it is now                                                           |
| PLAN#<planId>    | VERSION#<000003>  | the same as its third version left it; never changed                          |
| PLAN#<planId>    | WALLET#<walletId> | a wallet that is on it: a list, to be looked through. The wallet decides      |
| ACCOUNT#<wallet> | BALANCE           | `on_plan`: the stamp of its plan (see model.py); `plan_version`: the version  |
|                  |                   | of the user or team that said so                                              |

A wallet stands in the list before it is on the plan, and is taken off the list after it has left it. All reads are
consistent.
"""

from collections.abc import Iterator
from typing import Any

from aggregator.billing.account_item import ON_PLAN, PLAN_VERSION
from aggregator.billing.keys import balance_key
from aggregator.billing.plans.model import Plan, Version, plan_id_of, stamp_of
from aggregator.billing.plans.stored import (
    PLAN_PREFIX,
    PLANS,
    VERSION_PREFIX,
    WALLET_PREFIX,
    item_of,
    place_in_list,
    place_of_stamp,
    place_of_wallet,
    plan_of,
)
from aggregator.errors import Conflict
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, TRANSACTION_CANCELED, Aws, AwsError

JsonObject = dict[str, Any]

MOST_VERSIONS = 100


class PlanStore:
    """Plans, and the wallets on them."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def latest(self, plan_id: str) -> Plan | None:
        """A plan as it is now; None if there is none of that name."""
        return self._read(place_in_list(plan_id))

    def of_stamp(self, stamp: str) -> Plan:
        """The plan that a wallet names; it never changes.

        Raises:
            LookupError: the wallet names what was never written.
        """
        plan = self._read(place_of_stamp(stamp))
        if plan is None:
            raise LookupError(f"no plan is written under {stamp}")
        return plan

    def page(self, limit: int, after: str | None) -> tuple[list[Plan], str | None]:
        """Plans in the order of their names, from behind the name `after`, with the one to go on behind, if any."""
        found, more = self._query(PLANS, PLAN_PREFIX, limit=limit, after=after)
        plans = [plan_of(each) for each in found]
        return plans, plans[-1].plan_id if more and plans else None

    def every(self) -> Iterator[Plan]:
        """All plans, in the order of their names."""
        after: str | None = None
        while True:
            plans, after = self.page(100, after)
            yield from plans
            if after is None:
                return

    def versions(self, plan_id: str) -> list[Version]:
        """A plan's versions, newest first, 100 at the most."""
        found, _ = self._query(
            f"{PLAN_PREFIX}{plan_id}", VERSION_PREFIX, limit=MOST_VERSIONS, newest_first=True
        )
        return [plan_of(each).latest for each in found]

    def write(self, plan: Plan) -> None:
        """Add a plan's latest version.

        Raises:
            Conflict: somebody else has written one of that number; nothing was written.
        """
        kept = item_of(plan)
        number = plan.latest.number
        now = item.item({**place_in_list(plan.plan_id), **kept})
        is_next = {
            "ConditionExpression": "attribute_not_exists(pk)" if number == 1 else "version = :before",
            **({} if number == 1 else {"ExpressionAttributeValues": item.item({":before": number - 1})}),
        }
        for_ever = {
            "TableName": self._table,
            "Item": item.item({**place_of_stamp(plan.stamp), **kept}),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        try:
            self._aws.call("TransactWriteItems", {
                "TransactItems": [
                    {"Put": {"TableName": self._table, "Item": now, **is_next}},
                    {"Put": for_ever},
                ],
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED:
                raise
            raise Conflict("This plan was changed at the same moment: read it again.") from None

    def note(self, plan_id: str, wallet_id: str, version: int) -> None:
        """Put a wallet on a plan's list, before it is on the plan; `version` is that of the user who says so."""
        self._write(
            place_of_wallet(plan_id, wallet_id),
            "SET #version = :version",
            "attribute_not_exists(#version) OR #version <= :version",
            {":version": version},
            {"#version": "version"},
        )

    def forget(self, plan_id: str, wallet_id: str, version: int) -> None:
        """Take it off the list, once it has left the plan, unless a later version of its user put it there again."""
        try:
            self._aws.call("DeleteItem", {
                "TableName": self._table,
                "Key": item.item(place_of_wallet(plan_id, wallet_id)),
                "ConditionExpression": "#version <= :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": item.item({":version": version}),
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise

    def listed(self, plan_id: str, *, not_at: str | None = None) -> Iterator[str]:
        """The wallets on a plan's list; with `not_at` those that were not moved to that stamp yet."""
        for wallet_id, noted in self._noted(plan_id):
            if not_at is None or noted.get("stamp", "") < not_at:
                yield wallet_id

    def without_credit(self, plan_id: str, month: str) -> Iterator[str]:
        """The wallets on a plan's list that are not known to have a month's credit."""
        for wallet_id, noted in self._noted(plan_id):
            if noted.get("credited", "") < month:
                yield wallet_id

    def credited(self, plan_id: str, wallet_id: str, month: str) -> None:
        """Know that a wallet on a plan's list has a month's credit."""
        self._write(
            place_of_wallet(plan_id, wallet_id),
            "SET credited = :month",
            "#version >= :none",
            {":month": month, ":none": 0},
            {"#version": "version"},
        )

    def _noted(self, plan_id: str) -> Iterator[tuple[str, JsonObject]]:
        after: str | None = None
        while True:
            found, more = self._query(f"{PLAN_PREFIX}{plan_id}", WALLET_PREFIX, limit=500, after=after)
            for each in found:
                after = each["sk"].removeprefix(WALLET_PREFIX)
                yield after, each
            if not more:
                return

    def put_on(self, wallet_id: str, stamp: str | None, version: int) -> tuple[bool, str | None]:
        """Put a wallet on a plan, or off any; `version` is that of the user or team that says so.

        Whether it is so now, and the stamp that the wallet had before. What a later version said stands.
        """
        change = f"SET {PLAN_VERSION} = :version, available = if_not_exists(available, :zero)"
        values: JsonObject = {":version": version, ":zero": 0}
        if stamp is None:
            change += f" REMOVE {ON_PLAN}"
        else:
            change += f", {ON_PLAN} = :stamp"
            values[":stamp"] = stamp
        try:
            answer = self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": balance_key(wallet_id),
                "UpdateExpression": change,
                "ConditionExpression": f"attribute_not_exists({PLAN_VERSION}) OR {PLAN_VERSION} <= :version",
                "ExpressionAttributeValues": item.item(values),
                "ReturnValues": "ALL_OLD",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False, None
        return True, item.values(answer.get("Attributes") or {}).get(ON_PLAN)

    def move(self, wallet_id: str, stamp: str) -> None:
        """Let a wallet that is on this plan be on it as its latest version left it; another stays as it is."""
        plan_id = plan_id_of(stamp)
        self._write(
            {},
            f"SET {ON_PLAN} = :stamp",
            f"{ON_PLAN} >= :none AND {ON_PLAN} < :stamp",
            {":stamp": stamp, ":none": stamp_of(plan_id, 0)},
            key=balance_key(wallet_id),
        )
        self._write(
            place_of_wallet(plan_id, wallet_id),
            "SET stamp = :stamp",
            "#version >= :none",
            {":stamp": stamp, ":none": 0},
            {"#version": "version"},
        )

    def _read(self, place: JsonObject) -> Plan | None:
        answer = self._aws.call("GetItem", {
            "TableName": self._table, "Key": item.item(place), "ConsistentRead": True,
        })  # fmt: skip
        return plan_of(item.values(answer["Item"])) if answer.get("Item") else None

    def _query(
        self, pk: str, prefix: str, *, limit: int, after: str | None = None, newest_first: bool = False
    ) -> tuple[list[JsonObject], bool]:
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({":pk": pk, ":first": prefix, ":last": f"{prefix}~"}),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            "Limit": limit,
        }
        if after is not None:
            request["ExclusiveStartKey"] = item.item({"pk": pk, "sk": prefix + after})
        answer = self._aws.call("Query", request)
        return [item.values(each) for each in answer["Items"]], "LastEvaluatedKey" in answer

    def _write(
        self,
        place: JsonObject,
        change: str,
        condition: str,
        values: JsonObject,
        names: JsonObject | None = None,
        *,
        key: JsonObject | None = None,
    ) -> None:
        """One conditional write; that its condition is not met is no fault."""
        request: JsonObject = {
            "TableName": self._table,
            "Key": key or item.item(place),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": item.item(values),
        }
        if names:
            request["ExpressionAttributeNames"] = names
        try:
            self._aws.call("UpdateItem", request)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
