"""What DynamoDB charges for calls, reckoned on an engine in memory: read and write units, by action.

Source: Amazon DynamoDB developer guide, "DynamoDB read and write operations" and "DynamoDB item sizes and formats": a
write unit for each kilobyte of the larger of an item's two states, two in a transaction, and as much for a write whose
condition is refused; a read unit for each 4 KB read consistently, half of it otherwise.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.fakes.memory_dynamodb import MemoryDynamoDb

JsonObject = dict[str, Any]

_WRITE_BYTES, _READ_BYTES = 1024, 4096


class MeteredDynamoDb:
    """`Aws` over tables in memory. `spent` counts calls, `write_units`, `read_units` (in halves) and `items_read`."""

    def __init__(self) -> None:
        self.engine = MemoryDynamoDb()
        self.spent: Counter[str] = Counter()

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Carry it out, and write down what it costs."""
        keys = _written_keys(action, request)
        before = {key: size_of(self.engine.items.get(key, {})) for key in keys}
        self.spent["calls"] += 1
        self.spent[f"calls.{action}"] += 1
        try:
            answer = self.engine.call(action, request)
        finally:
            self._count_writes(action, before)
        self._count_reads(action, answer)
        return answer

    def _count_writes(self, action: str, before: Mapping[Any, int]) -> None:
        for key, size in before.items():
            largest = max(size, size_of(self.engine.items.get(key, {})))
            times = 2 if action == "TransactWriteItems" else 1
            self.spent["write_units"] += times * _up(largest, _WRITE_BYTES)

    def take(self) -> Counter[str]:
        """What was spent since the last time."""
        spent, self.spent = self.spent, Counter()
        return spent

    def _count_reads(self, action: str, answer: JsonObject) -> None:
        match action:
            case "GetItem":
                found = [answer["Item"]] if "Item" in answer else []
            case "BatchGetItem":
                found = [each for items in answer["Responses"].values() for each in items]
            case "Query" | "Scan":
                found = answer["Items"]
            case _:
                return
        self.spent["items_read"] += len(found)
        self.spent["bytes_read"] += sum(size_of(each) for each in found)
        if action in {"Query", "Scan"}:  # eventually consistent, and rounded up as a whole
            self.spent["read_half_units"] += _up(sum(size_of(each) for each in found), _READ_BYTES)
        else:
            self.spent["read_half_units"] += sum(
                2 * _up(size_of(each), _READ_BYTES) for each in found or [{}]
            )


def size_of(item: Mapping[str, JsonObject]) -> int:
    """Bytes of an item, its attribute names included."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: JsonObject) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            number = str(content)
            return -(-len(number.lstrip("-")) // 2) + 1 + number.startswith("-")
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(each.encode()) for each in content)
        case "M":
            return 3 + len(content) + size_of(content)
        case "L":
            return 3 + len(content) + sum(_size(each) for each in content)
        case _:
            return len(content)


def _written_keys(action: str, request: JsonObject) -> list[tuple[str, str]]:
    if action == "TransactWriteItems":
        written = [next(iter(each.values())) for each in request["TransactItems"]]
    elif action in {"PutItem", "UpdateItem", "DeleteItem"}:
        written = [request]
    else:
        return []
    keys = [each.get("Item") or each["Key"] for each in written]
    return [(key["pk"]["S"], key["sk"]["S"]) for key in keys]


def _up(size: int, unit: int) -> int:
    return max(1, -(-size // unit))
