"""Comparisons with providers' own costs, in the billing table, for 400 days.

| pk     | sk                | what                                                                             |
|--------|-------------------|----------------------------------------------------------------------------------|
| MARGIN | <day>#<provider>  | what was compared last: state, and by model what we owe and what is charged      |
"""

from collections.abc import Callable
from typing import Any

from aggregator.billing.margin.model import Comparison, Row
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError

JsonObject = dict[str, Any]

_PARTITION = "MARGIN"
_KEPT_SECONDS = 400 * 24 * 3600


class MarginStore:
    """Comparisons in the billing table."""

    def __init__(self, aws: Aws, table: str, clock: Callable[[], float]) -> None:
        self._aws = aws
        self._table = table
        self._clock = clock

    def keep(self, comparison: Comparison) -> None:
        """Keep a comparison in place of the last one of its day; what was compared once stays, if it fails later."""
        stored = item.item({
            "pk": _PARTITION,
            "sk": f"{comparison.day}#{comparison.provider}",
            "compared_at": comparison.compared_at,
            "state": comparison.state,
            "models": {row.model: [row.owed_nano_usd, row.billed_nano_usd] for row in comparison.rows},
            "reason": comparison.reason,
            "expires_at": int(self._clock()) + _KEPT_SECONDS,
        })  # fmt: skip
        request: JsonObject = {"TableName": self._table, "Item": stored}
        if comparison.state != "compared":
            request |= {
                "ConditionExpression": "attribute_not_exists(pk) OR #state <> :compared",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": item.item({":compared": "compared"}),
            }
        try:
            self._aws.call("PutItem", request)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise

    def since(self, day: str) -> list[Comparison]:
        """Comparisons of a day and all after it, newest first."""
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk >= :first",
            "ExpressionAttributeValues": item.item({":pk": _PARTITION, ":first": day}),
            "ScanIndexForward": False,
        }
        found: list[Comparison] = []
        while True:
            answer = self._aws.call("Query", request)
            found += [_comparison_of(item.values(each)) for each in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _comparison_of(values: JsonObject) -> Comparison:
    day, _, provider = values["sk"].partition("#")
    return Comparison(
        day,
        provider,
        values["compared_at"],
        values["state"],
        tuple(Row(model, *amounts) for model, amounts in sorted(values["models"].items())),
        values["reason"],
    )
