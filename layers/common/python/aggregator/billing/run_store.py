"""What reconciling came to, kept for 90 days.

| pk              | sk             | what                                                                        |
|-----------------|----------------|-----------------------------------------------------------------------------|
| RECONCILE       | RUN#<run>      | that a run began                                                            |
| RECONCILE#<run> | PART#<part>    | what one message of it came to: accounts, entries, findings, messages sent  |
| RECONCILE#<run> | FINDING#<user> | one account that does not fit                                               |

A run is named after the moment at which it began.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aggregator.billing.reconcile import Finding
from aggregator.runtime import item
from aggregator.runtime.aws import Aws

JsonObject = dict[str, Any]

_KEPT_SECONDS = 90 * 24 * 3600
_RUNS = "RECONCILE"
_MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to so far; `is_over` when every message of it left its part.

    `accounts` counts the examined, `idle` those where nothing was written. `findings` are the first 100 accounts that
    do not fit, `unsound` is how many there are.
    """

    run: str
    is_over: bool
    accounts: int
    idle: int
    entries: int
    unsound: int
    orphan_holds: int
    loss_nano_usd: int
    not_judged: int
    findings: tuple[JsonObject, ...]


class RunStore:
    """Runs of reconciling, in the billing table."""

    def __init__(self, aws: Aws, table: str, clock: Callable[[], float]) -> None:
        self._aws = aws
        self._table = table
        self._clock = clock

    def begin(self, run: str) -> None:
        """Note that a run begins."""
        self._put(_RUNS, f"RUN#{run}", {})

    def keep_part(self, run: str, part: str, sums: JsonObject) -> None:
        """Keep what one message came to; the same part again takes its place."""
        self._put(f"{_RUNS}#{run}", f"PART#{part}", sums)

    def keep_finding(self, run: str, finding: Finding) -> None:
        """Keep an account that does not fit."""
        self._put(f"{_RUNS}#{run}", f"FINDING#{finding.user_id}", {
            "user_id": finding.user_id,
            "drift": finding.drift_nano_usd,
            "misfits": list(finding.misfits),
            "mispriced": list(finding.mispriced),
            "mispriced_entries": finding.mispriced_entries,
        })  # fmt: skip

    def runs(self, limit: int) -> list[str]:
        """Names of the runs that began last, newest first."""
        rows = islice(self._query(_RUNS, "RUN#", limit), limit)
        return [str(row["sk"]).removeprefix("RUN#") for row in rows]

    def summary(self, run: str) -> Summary:
        """What a run came to so far."""
        sums: dict[str, int] = {}
        parts = 0
        for row in self._query(f"{_RUNS}#{run}", "PART#"):
            parts += 1
            for name, value in row.items():
                if isinstance(value, int):
                    sums[name] = sums.get(name, 0) + value
        findings = []
        for row in self._query(f"{_RUNS}#{run}", "FINDING#"):
            findings.append({name: row[name] for name in row if name not in {"pk", "sk", "expires_at"}})
            if len(findings) == _MOST_FINDINGS:
                break
        return Summary(
            run=run,
            is_over=parts >= 1 + sums.get("children", 0),
            accounts=sums.get("accounts", 0),
            idle=sums.get("idle", 0),
            entries=sums.get("entries", 0),
            unsound=sums.get("findings", 0),
            orphan_holds=sums.get("orphan_holds", 0),
            loss_nano_usd=sums.get("loss", 0),
            not_judged=sums.get("not_judged", 0),
            findings=tuple(findings),
        )

    def _put(self, partition: str, name: str, values: JsonObject) -> None:
        kept = {"pk": partition, "sk": name, "expires_at": int(self._clock()) + _KEPT_SECONDS, **values}
        self._aws.call("PutItem", {"TableName": self._table, "Item": item.item(kept)})

    def _query(self, partition: str, prefix: str, limit: int = 1000) -> Iterator[JsonObject]:
        """Rows of a partition whose names begin so, last first."""
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item.item({
                ":pk": partition, ":first": prefix, ":last": f"{prefix}~",
            }),
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": limit,
        }  # fmt: skip
        while True:
            answer = self._aws.call("Query", request)
            yield from (item.values(row) for row in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
