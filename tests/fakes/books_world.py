"""A ledger whose days pass: the real stores on DynamoDB in memory, with a clock, and items to be altered by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aggregator.billing.books_store import BooksStore
from aggregator.billing.entry import UsageEnd
from aggregator.billing.examination import Examination
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.keys import account_key
from aggregator.billing.model import bucket_for
from aggregator.billing.price import Price, Usage
from aggregator.billing.reconcile import Finding, Reading, begin, examine
from aggregator.billing.repricing import Prices
from aggregator.billing.settle import settle_account
from aggregator.billing.transaction import Order, book
from aggregator.runtime.aws import AwsError, JsonObject
from tests.fakes.memory_dynamodb import MemoryDynamoDb

ONE_A_TOKEN = Price(version="7", input=1_000_000, output=1_000_000)
KNOWN = Prices([("mini", "openai", ONE_A_TOKEN)])


class WatchedDynamoDb:
    """DynamoDB in memory that keeps what was asked; `before` an action's next call, somebody else is faster.

    `stale` is what a replica that is behind answers to an action, once; `refused` refuses an account's next call.
    """

    def __init__(self) -> None:
        self.inner = MemoryDynamoDb()
        self.asked: list[tuple[str, JsonObject]] = []
        self.entries_read = 0
        self.before: dict[str, Callable[[], object]] = {}
        self.stale: dict[str, JsonObject] = {}
        self.refused: dict[str, AwsError] = {}

    def call(self, action: str, request: JsonObject) -> JsonObject:
        self.asked.append((action, request))
        for user_id in [each for each in self.refused if f"ACCOUNT#{each}" in str(request)]:
            raise self.refused.pop(user_id)
        if action in self.before:
            self.before.pop(action)()
        if action in self.stale:
            return self.stale.pop(action)
        answer = self.inner.call(action, request)
        if action == "Query":
            self.entries_read += len(answer["Items"])
        return answer

    def forget(self) -> None:
        self.asked.clear()
        self.entries_read = 0


class BooksWorld:
    """One table, and days that are stepped through; every entry is written at `now`."""

    def __init__(self, begin_at: str = "2026-11-23T12:00:00") -> None:
        self.now = datetime.fromisoformat(begin_at).replace(tzinfo=UTC).timestamp()
        self.aws = WatchedDynamoDb()
        self.store = GrantStore(self.aws, "billing", clock=lambda: self.now)
        self.books = BooksStore(self.aws, "billing")

    def at(self, moment: str) -> None:
        self.now = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()

    def id_of(self, name: str, moment: str | None = None) -> str:
        """An id as requests have them: it begins with its time."""
        at = self.now if moment is None else datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
        return f"{int(at * 1000):012x}-{name}"

    def credit(self, amount: int, user_id: str = "ann", name: str = "credit") -> str:
        order = Order(self.id_of(name), user_id, "credit", amount, "2026-11-23T12:00:00.000Z")
        return book(self.store, order, now_epoch_seconds=int(self.now), sleep=lambda _: None).id

    def use(
        self,
        tokens: int,
        name: str,
        *,
        user_id: str = "ann",
        asked_at: str | None = None,
        price: Price = ONE_A_TOKEN,
        usage: Usage | None = None,
    ) -> str:
        """A request that held and settled now; `asked_at` makes its id older than its entry."""
        used = usage or Usage(output_tokens=tokens)
        bucket = bucket_for(self.now)
        held = max(2 * tokens, 10_000_000 if usage else 0)
        self.store.hold(user_id, held, bucket)
        end = UsageEnd(
            request_id=self.id_of(name, asked_at),
            user_id=user_id,
            occurred_at="2026-11-23T12:00:01.000Z",
            held_nano_usd=held,
            bucket=bucket,
            usage=used,
            price=price,
            details={"model": "mini", "provider": "openai", **used.to_json()},
        )
        settle_account(self.store, [end], lambda _: None)
        return end.request_id

    def examine(self, user_id: str = "ann", *, whole: bool = False, **how: Any) -> Finding:
        """What the daily run does with one account."""
        reading = replace(Reading(self.now, prices=KNOWN, closes=True), **how)
        found = examine(self.books, begin(self.books, user_id, reading, whole=whole), reading)
        assert not isinstance(found, Examination)
        return found

    def item(self, name: str, user_id: str = "ann") -> JsonObject:
        """An item of an account as it lies there, to be altered by hand."""
        return self.aws.inner.items[account_key(user_id), name]

    def checkpoints(self, user_id: str = "ann") -> dict[str, tuple[int, int]]:
        """Sum and number of the entries of each checkpoint, by day."""
        return {
            sk.removeprefix("BOOKS#"): (int(stored["amount"]["N"]), int(stored["entries"]["N"]))
            for (pk, sk), stored in self.aws.inner.items.items()
            if pk == account_key(user_id) and sk.startswith("BOOKS#")
        }
