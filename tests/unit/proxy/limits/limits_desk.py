"""Keys with limits and requests of them, over DynamoDB in memory."""

from datetime import UTC, datetime
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.proxy.limits.rules import Demand
from aggregator.proxy.limits.store import LimitStore
from aggregator.runtime.aws import AwsError
from tests.fakes.memory_dynamodb import MemoryDynamoDb

JsonObject = dict[str, Any]

NOW = datetime(2026, 11, 23, 12, 0, 13, 500_000, tzinfo=UTC)
KEY_ITEM = ("LIMITS#k1", "LIMITS")


def key(**limits: int) -> Caller:
    return Caller(key_id="k1", user_id="ann", limits=limits)


def demand(request_id: str = "r1", now: datetime = NOW, **fields: Any) -> Demand:
    asked: JsonObject = {"seconds": 100, "tokens": 10, "at_most_nano_usd": 100, "at_least_nano_usd": 10}
    return Demand(request_id, now, **(asked | fields))


class FaultyAws:
    """DynamoDB whose next calls fail as told: `before` it is applied, or `after` it, the answer lost."""

    def __init__(self) -> None:
        self.inner = MemoryDynamoDb()
        self.faults: list[tuple[str, str] | None] = []

    def call(self, action: str, request: JsonObject) -> JsonObject:
        when, code = (self.faults.pop(0) if self.faults else None) or ("never", "")
        if when == "before":
            raise AwsError(code)
        answer = self.inner.call(action, request)
        if when == "after":
            raise AwsError(code)
        return answer

    @property
    def calls(self) -> list[str]:
        return self.inner.calls

    @property
    def counted(self) -> JsonObject:
        """Attributes of the key's item, but its key and expiry."""
        stored = self.inner.items.get(KEY_ITEM, {})
        return {
            name: int(kept["N"]) if "N" in kept else len(kept["SS"])
            for name, kept in stored.items()
            if name not in {"pk", "sk", "expires_at"}
        }

    def store(self) -> LimitStore:
        return LimitStore(self, "proxy")
