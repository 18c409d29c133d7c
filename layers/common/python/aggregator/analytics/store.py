"""The analytics table: cells of figures, and marks of what is in them.

    pk              sk                                                item
    USER#<userId>   HOUR#<hour>#<keyId>#<provider>#<model>#<status>    cell: one number an attribute
    ALL             HOUR#<hour>#<provider>#<model>#<status>            cell
    ALL_USERS       HOUR#<hour>#<userId>                               cell
    USER#<userId>   SEEN#<ten seconds>                                 ids: marks of entries that were added
                                                                       expires_at: 45 days after the last of them

`cube.py` says what the cells are for, `model.py` what the numbers are. Cells only ever grow, by ADD. An entry's mark
and its figures are written in one transaction, so a redelivered entry, alone or among others, is never added
twice. A mark outlives every redelivery (SQS keeps a message for 14 days) and every replay from the bus archive
(30 days, template.yaml's ArchiveDays): keep it longer than both.

Cost: a transaction writes at 2 units for each kilobyte of an item. A batch of one user's calls of one model and
status is three cells and one mark: 8 units, however many calls it holds.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from aggregator.analytics.cube import Cell, Key, cell_of, cells_of, hour_of, marks_of
from aggregator.analytics.model import Entry, Figures
from aggregator.runtime.aws import (
    TIMED_OUT,
    TRANSACTION_CANCELED,
    TRANSIENT,
    UNREACHABLE,
    Aws,
    AwsError,
    JsonObject,
)
from aggregator.runtime.item import item, value

# DynamoDB takes 100 items a transaction, and an entry touches four at most.
MAX_ENTRIES = 25

_MARKS_LIVE = timedelta(days=45)
_READERS = 8
_HOURS_A_READER = 24

_PASSING_REASONS = frozenset(
    {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
_CONDITION_REASON = "ConditionalCheckFailed"


class AlreadyAdded(Exception):
    """Some of the entries are in the cube; nothing was written."""

    def __init__(self, entry_ids: frozenset[str]) -> None:
        super().__init__(f"{len(entry_ids)} entries were added before")
        self.entry_ids = entry_ids


class CubeBusy(Exception):
    """Others write to the same cells at this moment, or the answer was lost; the same call is safe to repeat."""


class CubeStore:
    """The cube in its table."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def add(self, entries: Sequence[Entry], now: datetime) -> None:
        """Add up to `MAX_ENTRIES` entries, no two of one id, in one transaction: all of them or none.

        Raises:
            AlreadyAdded: some are in the cube; nothing was written.
            CubeBusy: nothing was written, or all was and a repetition will say so.
            AwsError: the table refuses these entries for good; nothing was written.
        """
        marks = marks_of(entries)
        expires_at = int((now + _MARKS_LIVE).timestamp())
        updates = [self._mark(key, ids, expires_at) for key, ids in marks.items()]
        updates += [self._addition(key, figures) for key, figures in cells_of(entries).items()]
        try:
            self._aws.call("TransactWriteItems", {"TransactItems": [{"Update": each} for each in updates]})
        except AwsError as refused:
            if _is_condition(refused):
                raise AlreadyAdded(self._added(entries)) from refused
            if _is_passing(refused):
                raise CubeBusy(str(refused)) from refused
            raise

    def cells(self, partition: str, start: datetime, end: datetime) -> list[Cell]:
        """All cells of `partition` from the hour of `start` up to, but not including, that of `end`.

        Long ranges are read in up to eight stretches side by side.
        """
        hours = int((end - start) / timedelta(hours=1))
        if hours <= 0:
            return []
        readers = min(_READERS, -(-hours // _HOURS_A_READER))
        edges = [start + timedelta(hours=hours * each // readers) for each in range(readers + 1)]
        stretches = [(partition, since, until) for since, until in itertools.pairwise(edges)]
        if readers == 1:
            return self._stretch(stretches[0])
        with ThreadPoolExecutor(readers) as pool:
            return [cell for cells in pool.map(self._stretch, stretches) for cell in cells]

    def _stretch(self, of: tuple[str, datetime, datetime]) -> list[Cell]:
        partition, start, end = of
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :partition AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item({
                ":partition": partition,
                ":first": f"HOUR#{hour_of(start)}",
                # `$` comes right after `#`: beyond all cells of the last hour, before the next.
                ":last": f"HOUR#{hour_of(end - timedelta(hours=1))}$",
            }),
        }  # fmt: skip
        cells: list[Cell] = []
        while True:
            page = self._aws.call("Query", request)
            cells += [cell_of(partition, each["sk"]["S"], _figures(each)) for each in page["Items"]]
            if not page.get("LastEvaluatedKey"):
                return cells
            request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _mark(self, key: Key, ids: set[str], expires_at: int) -> JsonObject:
        each = {f":i{number}": mark for number, mark in enumerate(sorted(ids))}
        return {
            "TableName": self._table,
            "Key": _key(key),
            "UpdateExpression": "ADD ids :all SET expires_at = :expires_at",
            # None of these entries is in the cube yet.
            "ConditionExpression": " AND ".join(f"NOT contains(ids, {name})" for name in each),
            "ExpressionAttributeValues": item({":all": ids, ":expires_at": expires_at, **each}),
        }

    def _addition(self, key: Key, figures: Figures) -> JsonObject:
        names = {f"#{number}": name for number, name in enumerate(sorted(figures))}
        return {
            "TableName": self._table,
            "Key": _key(key),
            "UpdateExpression": "ADD " + ", ".join(f"{name} :{name[1:]}" for name in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": item({f":{name[1:]}": figures[names[name]] for name in names}),
        }

    def _added(self, entries: Iterable[Entry]) -> frozenset[str]:
        by_id = {entry.id: marks_of([entry]) for entry in entries}
        keys = {key for marks in by_id.values() for key in marks}
        stored = {key: self._marks_at(key) for key in keys}
        return frozenset(
            id_ for id_, marks in by_id.items() if all(ids <= stored[key] for key, ids in marks.items())
        )

    def _marks_at(self, key: Key) -> set[str]:
        found = self._aws.call(
            "GetItem",
            {
                "TableName": self._table,
                "Key": _key(key),
                "ConsistentRead": True,
                "ProjectionExpression": "ids",
            },
        ).get("Item")
        return set(value(found["ids"])) if found else set()


def _key(key: Key) -> JsonObject:
    return item({"pk": key[0], "sk": key[1]})


def _figures(stored: JsonObject) -> Figures:
    return Counter({name: int(content["N"]) for name, content in stored.items() if "N" in content})


def _reasons(refused: AwsError) -> set[str]:
    return {str(reason.get("Code") or "None") for reason in refused.reasons}


def _is_condition(refused: AwsError) -> bool:
    return refused.code == TRANSACTION_CANCELED and _CONDITION_REASON in _reasons(refused)


def _is_passing(refused: AwsError) -> bool:
    if refused.code == TRANSACTION_CANCELED:
        return bool(refused.reasons) and _reasons(refused) <= _PASSING_REASONS
    return refused.code in TRANSIENT or refused.code in {TIMED_OUT, UNREACHABLE}
