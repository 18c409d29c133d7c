"""The orchestrator's table.

Key design:

    pk          sk                      what
    CATALOGUE   CURRENT                 pointer: version, chunks, changed_at. What is live; the only item ever updated.
    CATALOGUE   SNAPSHOT#<version>#<k>  k-th piece of the whole catalogue at a version: gzip of JSON, <= 350 KB a piece
    CATALOGUE   CHANGE#<version>        who made the version, when and how; the ids it added, changed and removed, and
                                        what each field was and became, where an operator changed it

The catalogue is one value with versions, not one item a model: a reader gets all of it, consistent, with two
GetItems (the pointer, and the one piece that 100 models need), and learns with one that nothing changed. A change
writes pieces, CHANGE and pointer in one transaction, under the condition that the pointer still is where the writer
read it: of two writers at once one retries on what the other made. Versions are numbered without gaps; pieces and
changes are never updated, so any version can be brought back. Versions have 8 digits, so that they sort as text.

Standard library only: the proxy's hot path reads through this.
"""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from aggregator.errors import Conflict, NotFound, StoreUnavailable
from aggregator.runtime.aws import TRANSACTION_CANCELED, Aws, AwsError
from aggregator.runtime.clock import from_iso, iso
from aggregator.runtime.item import item, values

JsonObject = dict[str, Any]

PIECE_BYTES = 350_000
_GZIP = 31  # zlib's name for "with a gzip header", which spares the hot path an import
_MOVED = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
_PK = "CATALOGUE"
_CURRENT = {"pk": _PK, "sk": "CURRENT"}


class Pointer(NamedTuple):
    """Which version is live, and in how many pieces it is stored."""

    version: int
    chunks: int
    changed_at: str


class Change(NamedTuple):
    """What a version did to the one before it; ids are `model gpt-4o`, `provider openai`, `alias fast`.

    `by` is a key's id, or what else made it; `by_user` whose key it is, empty where it is nobody's. `action` says how:
    `load`, `put`, `delete`, `rollback to 7`. `fields` maps an id to what each of its fields was and is.
    """

    by: str
    at: datetime
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    action: str = "load"
    by_user: str = ""
    fields: Mapping[str, Any] = {}

    @property
    def touched(self) -> frozenset[str]:
        """Ids of everything that it added, changed or removed."""
        return frozenset((*self.added, *self.changed, *self.removed))


class Version(NamedTuple):
    """A change, and the number of the version that it made."""

    number: int
    change: Change


class CatalogueStore:
    """The catalogue in `table`."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def pointer(self) -> Pointer | None:
        """What is live; None before the first load.

        Raises:
            AwsError: the table does not answer.
        """
        answer = self._aws.call(
            "GetItem", {"TableName": self._table, "Key": item(_CURRENT), "ConsistentRead": True}
        )
        if not answer.get("Item"):
            return None
        stored = values(answer["Item"])
        return Pointer(stored["version"], stored["chunks"], stored["changed_at"])

    def snapshot(self, pointer: Pointer) -> JsonObject:
        """The whole catalogue at a version.

        Raises:
            AwsError: the table does not answer.
            StoreUnavailable: a piece is not there.
        """
        return unpacked([self._piece(pointer.version, number) for number in range(pointer.chunks)])

    def publish(self, body: JsonObject, change: Change, *, after: Pointer | None) -> Pointer:
        """Make `body` the version after `after`, the one it was made from: all of it, or nothing.

        Raises:
            Conflict: `after` is not live any more: somebody else published meanwhile, and nothing was written.
            AwsError: the table does not answer.
        """
        version = 1 if after is None else after.version + 1
        pieces = packed(body)
        pointer = Pointer(version, len(pieces), iso(change.at))
        stored = [
            {"pk": _PK, "sk": f"SNAPSHOT#{version:08d}#{number}", "data": piece}
            for number, piece in enumerate(pieces)
        ]
        stored.append(
            {
                "pk": _PK,
                "sk": f"CHANGE#{version:08d}",
                "changed_by": change.by,
                "changed_by_user": change.by_user,
                "action": change.action,
                "changed_at": pointer.changed_at,
                "added": list(change.added),
                "changed": list(change.changed),
                "removed": list(change.removed),
                "fields": json.dumps(change.fields, separators=(",", ":")),
            }
        )
        live = _CURRENT | {"version": version, "chunks": len(pieces), "changed_at": pointer.changed_at}
        try:
            self._aws.call(
                "TransactWriteItems",
                {
                    "TransactItems": [
                        {"Put": {"TableName": self._table, "Item": item(live)} | _still_at(after)},
                        *({"Put": {"TableName": self._table, "Item": item(each)}} for each in stored),
                    ]
                },
            )
        except AwsError as refused:
            if refused.code == TRANSACTION_CANCELED and _MOVED & {
                each.get("Code") for each in refused.reasons
            }:
                raise Conflict("The catalogue was changed by somebody else at the same time.") from refused
            raise
        return pointer

    def snapshot_of(self, version: int) -> JsonObject:
        """The whole catalogue as it once was.

        Raises:
            NotFound: there never was such a version.
            AwsError: the table does not answer.
        """
        prefix = f"SNAPSHOT#{version:08d}#"
        pieces = [stored["data"] for stored in self._query(prefix, {"ScanIndexForward": True})]
        if not pieces:
            raise NotFound(f"The catalogue has no version {version}.", param="version")
        return unpacked([_bytes(piece) for piece in pieces])

    def versions(self, *, limit: int, before: int | None = None, entry: str | None = None) -> list[Version]:
        """What was changed, newest first: `limit` versions at most, those before a number, those that touch an entry.

        Raises:
            AwsError: the table does not answer.
        """
        found: list[Version] = []
        request: JsonObject = {"ScanIndexForward": False}
        if entry is None:
            request["Limit"] = limit
        if before is not None:
            request["ExclusiveStartKey"] = item({"pk": _PK, "sk": f"CHANGE#{before:08d}"})
        for stored in self._query("CHANGE#", request):
            version = _version(stored)
            if entry is None or entry in version.change.touched:
                found.append(version)
            if len(found) == limit:
                break
        return found

    def _query(self, prefix: str, request: JsonObject) -> Iterator[JsonObject]:
        """Items whose sort key begins with `prefix`; page by page, unless the request has a limit."""
        while True:
            answer = self._aws.call("Query", {
                "TableName": self._table,
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
                "ExpressionAttributeValues": item({":pk": _PK, ":prefix": prefix}),
                "ConsistentRead": True,
            } | request)  # fmt: skip
            yield from (values(each) for each in answer["Items"])
            if "Limit" in request or not answer.get("LastEvaluatedKey"):
                return
            request = request | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _piece(self, version: int, number: int) -> bytes:
        key = {"pk": _PK, "sk": f"SNAPSHOT#{version:08d}#{number}"}
        answer = self._aws.call(
            "GetItem", {"TableName": self._table, "Key": item(key), "ConsistentRead": True}
        )
        if not answer.get("Item"):
            raise StoreUnavailable("The model catalogue cannot be read.", retry_after_seconds=5)
        return _bytes(values(answer["Item"])["data"])


def packed(body: JsonObject, piece_bytes: int = PIECE_BYTES) -> list[bytes]:
    """A catalogue as compressed pieces, none larger than `piece_bytes`."""
    compressor = zlib.compressobj(level=9, wbits=_GZIP)
    data = compressor.compress(json.dumps(body, separators=(",", ":")).encode()) + compressor.flush()
    return [data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)]


def unpacked(pieces: list[bytes]) -> JsonObject:
    """Read what `packed` wrote."""
    body: JsonObject = json.loads(zlib.decompress(b"".join(pieces), wbits=_GZIP))
    return body


def _bytes(stored: bytes | str) -> bytes:
    """Binary, which clients of JSON see as base64."""
    return stored if isinstance(stored, bytes) else base64.b64decode(stored)


def _version(stored: JsonObject) -> Version:
    change = Change(
        by=stored["changed_by"],
        at=from_iso(stored["changed_at"]),
        added=tuple(stored["added"]),
        changed=tuple(stored["changed"]),
        removed=tuple(stored["removed"]),
        action=stored.get("action", "load"),
        by_user=stored.get("changed_by_user", ""),
        fields=json.loads(stored.get("fields", "{}")),
    )
    return Version(int(stored["sk"].removeprefix("CHANGE#")), change)


def _still_at(after: Pointer | None) -> JsonObject:
    if after is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "version = :seen",
        "ExpressionAttributeValues": item({":seen": after.version}),
    }
