"""Stand-ins for the store and its table, in memory."""

from typing import Any

from aggregator.errors import Conflict
from aggregator.orchestrator.store import Change, Pointer
from aggregator.runtime.aws import UNREACHABLE, AwsError
from aggregator.runtime.clock import iso

JsonObject = dict[str, Any]


class FakeStore:
    """Keeps every version; `rivals` are bodies that somebody else publishes just before us."""

    def __init__(self, *rivals: JsonObject) -> None:
        self.versions: list[JsonObject] = []
        self.changes: list[Change] = []
        self.rivals = list(rivals)

    def pointer(self) -> Pointer | None:
        return Pointer(len(self.versions), 1, "2026-11-23T12:00:00.000Z") if self.versions else None

    def snapshot(self, pointer: Pointer) -> JsonObject:
        return self.versions[pointer.version - 1]

    def publish(self, body: JsonObject, change: Change, *, after: Pointer | None) -> Pointer:
        if self.rivals:
            self.versions.append(self.rivals.pop(0))
        if (0 if after is None else after.version) != len(self.versions):
            raise Conflict("The catalogue was changed by somebody else at the same time.")
        self.versions.append(body)
        self.changes.append(change)
        return Pointer(len(self.versions), 1, iso(change.at))


class FakeTable:
    """A DynamoDB that knows GetItem and TransactWriteItems without conditions, and can fail."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], JsonObject] = {}
        self.reads: list[str] = []
        self.down = False

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if self.down:
            raise AwsError(UNREACHABLE, "no route to host")
        if action == "TransactWriteItems":
            for each in request["TransactItems"]:
                stored = each["Put"]["Item"]
                self.items[(stored["pk"]["S"], stored["sk"]["S"])] = stored
            return {}
        key = request["Key"]
        self.reads.append(key["sk"]["S"])
        found = self.items.get((key["pk"]["S"], key["sk"]["S"]))
        return {} if found is None else {"Item": found}
