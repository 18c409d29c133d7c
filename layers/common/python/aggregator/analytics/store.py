"""The analytics table: cells of figures, and marks of what is in them.

    pk              sk                                                item
    USER#<userId>   HOUR#<hour>#<keyId>#<provider>#<model>#<status>    cell: one number an attribute
    ALL             HOUR#<hour>#<provider>#<model>#<status>            cell
    ALL_USERS       HOUR#<hour>#<userId>                               cell
    USER#<userId>   SEEN#<ten seconds>                                 ids: marks of entries that were added
                                                                       expires_at: 45 days after the last of them
    (as the cells)  DAY#<day>                                          sums: the day's cells, added up and compressed
                                                                       late: entries that came when it was over
                                                                       packed_late: how many there were when it was
                                                                       packed; only then do the sums hold
    PACKING         REACHED                                           reached: the sort key in ALL_USERS up to which
                                                                       days were packed before anybody asked

`cube.py` says what the cells are for, `day.py` the days, `model.py` what the numbers are. Cells only ever grow, by
ADD. An entry's mark
and its figures are written in one transaction, so a redelivered entry, alone or among others, is never added
twice. A mark outlives every redelivery (SQS keeps a message for 14 days) and every replay from the bus archive
(30 days, template.yaml's ArchiveDays): keep it longer than both.

Cost: a transaction writes at 2 units for each kilobyte of an item. A batch of one user's calls of one model and
status is three cells and one mark: 8 units, however many calls it holds. Late ones count in three packs: 6 more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from aggregator.analytics.cube import ALL_USERS, Cell, Key, cell_of, cells_of, hour_of, marks_of
from aggregator.analytics.day import DAY, Pack, day_of, key_of, late_days_of, named_in
from aggregator.analytics.model import Entry, Figures
from aggregator.runtime.aws import (
    CONDITION_FAILED,
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

# A late one touches seven: it counts in the packs of its day as well.
MAX_LATE_ENTRIES = 14

_REACHED: Key = ("PACKING", "REACHED")

_MARKS_LIVE = timedelta(days=45)

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

        Where one is late, up to `MAX_LATE_ENTRIES`; see `day.py`.

        Raises:
            AlreadyAdded: some are in the cube; nothing was written.
            CubeBusy: nothing was written, or all was and a repetition will say so.
            AwsError: the table refuses these entries for good; nothing was written.
        """
        marks = marks_of(entries)
        expires_at = int((now + _MARKS_LIVE).timestamp())
        updates = [self._mark(key, ids, expires_at) for key, ids in marks.items()]
        updates += [self._addition(key, figures) for key, figures in cells_of(entries).items()]
        updates += [self._addition(key, Counter(late=n)) for key, n in late_days_of(entries, now).items()]
        try:
            self._aws.call("TransactWriteItems", {"TransactItems": [{"Update": each} for each in updates]})
        except AwsError as refused:
            if _is_condition(refused):
                raise AlreadyAdded(self.added(entries)) from refused
            if _is_passing(refused):
                raise CubeBusy(str(refused)) from refused
            raise

    def cells(
        self, partition: str, start: datetime, end: datetime, *, consistent: bool = False
    ) -> Iterator[Cell]:
        """All cells of `partition` from the hour of `start` up to, but not including, that of `end`, in their order.

        They are read as they are taken, a page of 1 MB at a time. `consistent` sees all that was written until now, at
        twice the cost.
        """
        if start >= end:
            return
        # `$` comes right after `#`: beyond all cells of the last hour, before the next.
        first, last = f"HOUR#{hour_of(start)}", f"HOUR#{hour_of(end - timedelta(hours=1))}$"
        for each in self._between(partition, first, last, consistent=consistent):
            yield cell_of(partition, each["sk"]["S"], _figures(each))

    def packs(self, partition: str, start: datetime, end: datetime) -> Iterator[Pack]:
        """What is kept of the days from that of `start` up to, but not including, that of `end`, in their order."""
        for each in self._between(
            partition, key_of(day_of(start)), key_of(day_of(end - DAY)), consistent=True
        ):
            figures = _figures(each)
            late = figures["late"]
            sums = value(each["sums"]) if late == figures.get("packed_late") else None
            yield Pack(named_in(each["sk"]["S"]), late, sums)

    def keep(self, partition: str, pack: Pack) -> None:
        """Keep a pack, unless there are other late entries by now than it counted: then it would never hold."""
        seen = {} if pack.late == 0 else {":late": pack.late}
        try:
            self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": _key((partition, key_of(pack.day))),
                "UpdateExpression": "SET sums = :sums, packed_late = :packed_late",
                "ConditionExpression": "late = :late" if seen else "attribute_not_exists(late)",
                "ExpressionAttributeValues": item({":sums": pack.sums, ":packed_late": pack.late, **seen}),
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise

    def users(self, first: str, last: str) -> Iterator[Cell]:
        """Cells of all users whose sort keys are from `first` to `last`, in their order, without their figures."""
        for each in self._between(ALL_USERS, first, last, consistent=False, only="sk"):
            yield cell_of(ALL_USERS, each["sk"]["S"], {})

    def packed_until(self) -> str:
        """What was noted last by `note_packed`; before all else if nothing was."""
        request = {"TableName": self._table, "Key": _key(_REACHED), "ConsistentRead": True}
        found = self._aws.call("GetItem", request).get("Item")
        return str(value(found["reached"])) if found else ""

    def note_packed(self, until: str) -> None:
        """Note that all days are packed of all users whose cells sort up to `until`."""
        self._aws.call("UpdateItem", {
            "TableName": self._table,
            "Key": _key(_REACHED),
            "UpdateExpression": "SET reached = :until",
            "ExpressionAttributeValues": item({":until": until}),
        })  # fmt: skip

    def _between(
        self, partition: str, first: str, last: str, *, consistent: bool, only: str = ""
    ) -> Iterator[JsonObject]:
        """Items of `partition` whose sort keys are from `first` to `last`; one page of them is in memory at a time.

        `only` names the one attribute that is wanted of them.
        """
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :partition AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": item({":partition": partition, ":first": first, ":last": last}),
            "ConsistentRead": consistent,
        }
        if only:
            request["ProjectionExpression"] = only
        while True:
            page = self._aws.call("Query", request)
            after, items = page.get("LastEvaluatedKey"), page.pop("Items")
            yield from items
            del page, items
            if not after:
                return
            request = {**request, "ExclusiveStartKey": after}

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

    def added(self, entries: Iterable[Entry]) -> frozenset[str]:
        """Ids of those of the entries that are in the cube."""
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
