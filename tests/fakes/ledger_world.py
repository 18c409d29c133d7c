"""Ledgers for tests: the real store on DynamoDB in memory, and what goes in and comes out of it."""

from collections.abc import Callable, Mapping
from typing import Any

from aggregator.billing.entry import Entry, Kind, UsageEnd
from aggregator.billing.entry_item import from_item
from aggregator.billing.expire import expire
from aggregator.billing.give import Gift, GrantOrder, give
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.grants import in_order
from aggregator.billing.keys import ENTRY_PREFIX
from aggregator.billing.price import Price, Usage
from aggregator.billing.reserve import reserve
from aggregator.billing.transaction import Order, book, entry_of
from aggregator.runtime.aws import AwsError, JsonObject
from tests.fakes.memory_dynamodb import MemoryDynamoDb

MOMENT = "2026-11-23T12:00:00.000Z"
ONE_A_TOKEN = Price(version="1", input=1_000_000, output=1_000_000)
NOW = 1_764_000_000
BUCKET = "1764003600"
"""Where a hold taken at NOW lies: it lapses an hour later."""


class FlakyAws:
    """DynamoDB in memory that refuses some calls: `refusals` of an action are raised first, in their order."""

    def __init__(self, **refusals: list[AwsError]) -> None:
        self.inner = MemoryDynamoDb()
        self.refusals = refusals
        self.before: dict[str, Callable[[], object]] = {}

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if action in self.before:
            self.before.pop(action)()  # somebody else was faster
        if self.refusals.get(action):
            raise self.refusals[action].pop(0)
        return self.inner.call(action, request)


class LedgerWorld:
    """A store over a flaky table, and short words for what tests do with it."""

    def __init__(self, **refusals: list[AwsError]) -> None:
        self.aws = FlakyAws(**refusals)
        self.store = GrantStore(self.aws, "billing")
        self.slept: list[float] = []

    def credit(self, amount: int, user_id: str = "ann", order_id: str = "credit") -> None:
        self.store.book(entry_of(Order(order_id, user_id, "credit", amount, MOMENT)))

    def give(self, amount: int, ends_at: str, grant_id: str = "g1", user_id: str = "ann", **how: Any) -> Gift:
        order = GrantOrder(grant_id, user_id, amount, ends_at, MOMENT, **how)
        return give(self.store, order, now_epoch_seconds=NOW, sleep=self.slept.append)

    def left(self, user_id: str = "ann") -> dict[str, int]:
        purse = self.store.purse(self.store.account(user_id))
        return {grant.id: grant.left_nano_usd for grant in in_order(purse.grants)}

    def expire(self, now: float, user_id: str = "ann") -> int:
        return expire(self.store, user_id, now, self.slept.append).amount_nano_usd

    def reserve(self, amount: int, now: float = NOW) -> None:
        reserve(self.store, "ann", at_most_nano_usd=amount, at_least_nano_usd=amount, now_epoch_seconds=now)

    def book(self, kind: Kind, amount: int, now: int = NOW, **fields: Any) -> Entry:
        facts: JsonObject = {"id": f"{kind}-{amount}", "user_id": "ann", "occurred_at": MOMENT} | fields
        order = Order(kind=kind, amount_nano_usd=amount, **facts)
        return book(self.store, order, now_epoch_seconds=now, sleep=self.slept.append)

    def entries(self, user_id: str = "ann") -> dict[str, Entry]:
        return {
            sk.removeprefix(ENTRY_PREFIX): from_item(stored)
            for (pk, sk), stored in self.aws.inner.items.items()
            if pk == f"ACCOUNT#{user_id}" and sk.startswith(ENTRY_PREFIX)
        }

    def legs(self, entry_id: str, user_id: str = "ann") -> Mapping[str, int]:
        postings = self.entries(user_id)[entry_id].postings
        return {posting.account: posting.amount_nano_usd for posting in postings}

    def available(self, user_id: str = "ann") -> int:
        return self.store.account(user_id).available_nano_usd

    def held(self, user_id: str = "ann") -> int:
        return sum(each.amount_nano_usd for each in self.store.account(user_id).holds.values())


def end(
    request_id: str,
    cost: int,
    held: int = 100,
    bucket: str = BUCKET,
    user_id: str = "ann",
    *,
    came_at: str = MOMENT,
) -> UsageEnd:
    """A request that ended, having used what costs `cost`."""
    return UsageEnd(
        request_id=request_id,
        user_id=user_id,
        occurred_at=came_at,
        held_nano_usd=held,
        bucket=bucket,
        usage=Usage(output_tokens=cost),
        price=ONE_A_TOKEN,
        details={"model": "mini"},
    )
