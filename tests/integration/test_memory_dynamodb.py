"""The in-memory DynamoDB answers the billing store as moto does, call by call."""

import random
from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from aggregator.billing.entry import Entry, Posting, UsageEnd, settlement_of, wallet_of
from aggregator.billing.model import Held, Hold
from aggregator.billing.price import Price, Usage
from aggregator.billing.store import BillingStore, Short, Stale
from aggregator.proxy.answers.kept_responses import KeptResponse
from aggregator.proxy.answers.kept_store import KeptResponseStore
from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.boto_client import BotoClient
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.tables import create_table

ONE_A_TOKEN = Price(version="1", input=1_000_000, output=1_000_000)
MOMENT = "2026-11-23T12:00:00.000Z"
USERS = ["ann", "bob"]
BUCKETS = ["1764000000", "1764000300"]


class Twins:
    """Sends every request to both, and compares what they say."""

    def __init__(self, real: BotoClient) -> None:
        self.real = real
        self.memory = MemoryDynamoDb()
        self.actions: set[str] = set()

    def call(self, action: str, request: JsonObject) -> JsonObject:
        said, refused = _outcome(self.real, action, request)
        same, also_refused = _outcome(self.memory, action, request)
        assert _what_matters(action, same) == _what_matters(action, said), (action, request)
        assert _why(also_refused) == _why(refused), (action, request)
        self.actions.add(action if refused is None else f"{action} refused")
        if refused is not None:
            raise refused
        return said

    def items(self) -> tuple[list[JsonObject], list[JsonObject]]:
        """Everything each of them holds, in the order of the keys."""
        scanned = self.real.call("Scan", {"TableName": "BillingTable"})["Items"]
        return _sorted(scanned), _sorted(list(self.memory.items.values()))


def _outcome(
    aws: BotoClient | MemoryDynamoDb, action: str, request: JsonObject
) -> tuple[JsonObject, AwsError | None]:
    try:
        return aws.call(action, request), None
    except AwsError as refused:
        return {}, refused


def _what_matters(action: str, said: JsonObject) -> JsonObject:
    named = ("Item", "Items", "Attributes", "Responses", "Count", "LastEvaluatedKey")
    kept = {name: said[name] for name in named if name in said}
    if "Responses" in kept:
        kept["Responses"] = {table: _sorted(rows) for table, rows in kept["Responses"].items()}
    if action == "Scan":
        kept["Items"] = _sorted(kept["Items"])
    return kept


def _why(refused: AwsError | None) -> tuple[str, JsonObject | None, list[str]] | None:
    if refused is None:
        return None
    return refused.code, refused.item, [reason["Code"] for reason in refused.reasons]


def _sorted(rows: list[JsonObject]) -> list[JsonObject]:
    return sorted(rows, key=lambda row: [row.get(name, {}).get("S", "") for name in ("pk", "sk")])


@pytest.fixture
def twins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Twins]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = BotoClient("dynamodb")
        create_table(client, "BillingTable")
        yield Twins(client)


class Customer:
    """Somebody who calls the store's methods at random, with few users, entries and buckets, so that they collide."""

    def __init__(self, store: BillingStore, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)

    def act(self) -> None:
        action: Callable[[], object] = self.random.choice([
            self.book, self.book, self.hold, self.hold, self.settle, self.sweep, self.read, self.list,
            self.return_rest,
        ])  # fmt: skip
        try:
            action()
        except (Short, Stale):
            return

    def book(self) -> None:
        user, amount = self.user(), 20 * self.random.randint(-3, 5)
        legs = (Posting(wallet_of(user), amount), Posting("cash", -amount))
        refers_to = self.random.choice([None, "r1", "r2"]) if amount > 0 else None
        self.store.book(
            Entry(self.entry_id(), user, "adjustment", MOMENT, legs, refers_to=refers_to),
            idempotency=self.random.choice([None, ("key", "hash")]),
            now_epoch_seconds=self.random.choice([0, 86_400]),
            refundable_nano_usd=120 if refers_to else None,
        )

    def hold(self) -> None:
        amount, bucket = 20 * self.random.randint(1, 3), self.random.choice(BUCKETS)
        self.store.hold(self.user(), amount, bucket, if_available=self.random.choice([None, 4 * amount]))

    def return_rest(self) -> None:
        amount = 20 * self.random.randint(1, 3)
        self.store.return_rest(
            self.user(), Hold(amount, self.random.choice(BUCKETS), 0), self.random.choice([5, amount])
        )

    def settle(self) -> None:
        user = self.user()
        account = self.random.choice([None, self.store.account(user)])
        ids = self.random.sample([f"e{n}" for n in range(30)], self.random.randint(1, 3))
        ends = [
            UsageEnd(
                request_id=each,
                user_id=user,
                occurred_at=MOMENT,
                held_nano_usd=20 * self.random.randint(0, 2),
                bucket=self.random.choice(BUCKETS),
                usage=Usage(output_tokens=self.random.randint(0, 50)),
                price=ONE_A_TOKEN,
                details={"stream": True, "keyId": "k"},
            )
            for each in ids
        ]
        self.store.settle(settlement_of(ends, account))

    def sweep(self) -> None:
        user = self.user()
        holds = dict(self.store.account(user).holds)
        if self.random.random() < 0.3:
            holds = {bucket: Held(held.amount_nano_usd + 1, held.requests) for bucket, held in holds.items()}
        if holds:
            self.store.sweep(user, holds)

    def read(self) -> None:
        user = self.user()
        self.store.entry(user, self.entry_id())
        self.store.booked_for(user, "key", 1_000)
        self.store.booked_entries(user, [self.entry_id(), "e1", "never"][1:])

    def list(self) -> None:
        page, after = self.store.entries(self.user(), "e1", "e3", limit=self.random.randint(1, 5))
        if after is not None:
            self.store.entries(page[0].user_id, "e1", "e3", limit=2, after=after)

    def user(self) -> str:
        return self.random.choice(USERS)

    def entry_id(self) -> str:
        return f"e{self.random.randrange(30)}"


def test_both_say_the_same_to_the_store_of_responses(twins: Twins) -> None:
    store = KeptResponseStore(twins, "BillingTable")
    noise = "".join(map(chr, random.Random(1).choices(range(0x4E00, 0x9E00), k=300_000)))
    output = [{"id": "msg_1", "type": "message"}, {"id": "fc_1", "type": "function_call"}]
    for response_id, text in (("resp_1", "hi"), ("resp_2", noise)):
        said = [{"role": "user", "content": text}]
        store.keep("ann", KeptResponse({"id": response_id, "output": output}, said, {}, 2_000))

    found = store.holder_of("ann", "fc_1", 1_000)
    deleted = [store.delete("ann", "resp_1"), store.delete("ann", "resp_1")]

    real, memory = twins.items()
    assert (found, deleted) == ("resp_2", [True, False])
    assert memory == real
    assert len(real) > 2
    assert twins.actions == {"BatchWriteItem", "DeleteItem", "GetItem"}


@pytest.mark.parametrize("seed", range(2))
def test_both_say_the_same_whatever_the_store_asks(twins: Twins, seed: int) -> None:
    customer = Customer(BillingStore(twins, "BillingTable"), seed)

    for _ in range(120):
        customer.act()

    real, memory = twins.items()
    assert memory == real
    assert len(real) > 20
    assert twins.actions == {
        "BatchGetItem", "GetItem", "Query", "TransactWriteItems", "TransactWriteItems refused",
        "UpdateItem", "UpdateItem refused",
    }  # fmt: skip
