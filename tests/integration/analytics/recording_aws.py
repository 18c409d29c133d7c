"""An `Aws` that passes calls on, remembers them, and reckons what their writes cost."""

from dataclasses import dataclass, field
from typing import Any

from aggregator.runtime.aws import Aws

JsonObject = dict[str, Any]


@dataclass
class RecordingAws:
    """`write_units` is the cost of all transactions that went through."""

    behind: Aws
    calls: list[tuple[str, JsonObject]] = field(default_factory=list)
    write_units: int = 0

    def call(self, action: str, request: JsonObject) -> JsonObject:
        self.calls.append((action, request))
        answer = self.behind.call(action, request)
        if action == "TransactWriteItems":
            self.write_units += sum(self._units(each["Update"]) for each in request["TransactItems"])
        return answer

    def _units(self, update: JsonObject) -> int:
        key = {"TableName": update["TableName"], "Key": update["Key"]}
        written = self.behind.call("GetItem", key)["Item"]
        return 2 * -(-size_of(written) // 1024)


def size_of(item: JsonObject) -> int:
    """Bytes of an item. Source: Amazon DynamoDB developer guide, "DynamoDB item sizes and formats"."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: JsonObject) -> int:
    ((kind, content),) = value.items()
    if kind == "N":
        number = str(content)
        return -(-len(number.lstrip("-")) // 2) + 1 + number.startswith("-")
    if kind == "SS":
        return sum(len(str(each).encode()) for each in content) + 3 + len(content)
    assert kind == "S"
    return len(str(content).encode())
