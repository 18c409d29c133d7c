"""Every interleaving of a small world: requests that reserve and emit, workers that settle, duplicates, crashes, time.

The real store, its real expressions and the real rules run at every step, on DynamoDB in memory; one step is one AWS
call, for between two calls anything may happen. The world is explored breadth first, each state once.

    python -m tests.model.ledger_explorer            states explored, for the protocol as it is
    python -m tests.model.ledger_explorer --broken   the shortest way to lose money in each broken variant
"""

import sys
from ast import literal_eval
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from aggregator.billing.model import Account, Held, UsageEnd, bucket_for, settlement_of
from aggregator.billing.price import Price, Usage
from aggregator.billing.store import BillingStore, Short, Stale
from tests.fakes.memory_dynamodb import MemoryDynamoDb

JsonObject = dict[str, Any]
Items = tuple[tuple[tuple[str, str], tuple[tuple[str, str], ...]], ...]

USER = "u"
CREDIT = 5
TIMES = (0, 4000)  # at the second, what was held at the first has lapsed
HOLDS = (2, 3, 2)
COSTS = (1, 4, 2)  # the second costs more than its hold
ONE_A_TOKEN = Price(version="1", input=1_000_000, output=1_000_000)
MOST_DELIVERIES = 2
MOST_CRASHES = 1


@dataclass(frozen=True)
class Ask:
    """One request: `state` is want, sweep, held, emitted, refused or lost."""

    state: str = "want"
    bucket: str = ""
    seen: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Worker:
    """One settling function: what it took off the queue, and how far it has got with it."""

    state: str = "idle"
    batch: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    account: tuple[int, tuple[tuple[str, int, int], ...]] | None = None


@dataclass(frozen=True)
class World:
    """Everything that is the case at one moment."""

    items: Items
    asks: tuple[Ask, ...]
    queue: tuple[int, ...]
    deliveries: tuple[int, ...]
    workers: tuple[Worker, ...]
    time: int = 0
    crashes: int = 0


class Weakened:
    """DynamoDB that forgets to check what a variant leaves out."""

    def __init__(self, inner: MemoryDynamoDb, without: str) -> None:
        self._inner = inner
        self._without = without

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Drop the condition that the variant is without, then carry out the call."""
        if action == "UpdateItem" and self._without == "reserve condition":
            request = {
                k: v for k, v in request.items() if k != "ConditionExpression" or "REMOVE" in str(request)
            }
        if action == "UpdateItem" and self._without == "sweep condition" and "REMOVE" in str(request):
            request = {k: v for k, v in request.items() if k != "ConditionExpression"}
        if action == "TransactWriteItems":
            dropped = "Put" if self._without == "idempotency" else None
            request = {
                "TransactItems": [
                    {
                        kind: {k: v for k, v in each.items() if kind != dropped or k != "ConditionExpression"}
                        for kind, each in one.items()
                    }
                    for one in request["TransactItems"]
                ]
            }
        return self._inner.call(action, request)


class Explorer:
    """Breadth-first search over worlds; `without` names what a deliberately broken variant leaves out."""

    def __init__(self, without: str = "", *, requests: int = len(HOLDS), crashes: int = MOST_CRASHES) -> None:
        self._without = without
        self._requests = requests
        self._crashes = crashes
        self._known: dict[Any, tuple[Items, Any]] = {}

    def run(self, most_states: int | None = None) -> tuple[int, str | None, list[str]]:
        """Explore; return the number of states, what was violated (None: nothing), and the shortest way to it."""
        start = self._start()
        came_from: dict[World, tuple[World, str] | None] = {start: None}
        ahead = deque([start])
        while ahead:
            world = ahead.popleft()
            wrong = violation(world)
            if wrong:
                return len(came_from), wrong, _way(came_from, world)
            for name, following in self._steps(world):
                if following not in came_from:
                    came_from[following] = (world, name)
                    ahead.append(following)
            if most_states is not None and len(came_from) > most_states:
                break
        return len(came_from), None, []

    def _start(self) -> World:
        table = MemoryDynamoDb()
        table.items["ACCOUNT#u", "BALANCE"] = {
            "pk": {"S": "ACCOUNT#u"},
            "sk": {"S": "BALANCE"},
            "available": {"N": str(CREDIT)},
        }
        return World(
            items=_frozen(table),
            asks=(Ask(),) * self._requests,
            queue=(),
            deliveries=(0,) * self._requests,
            workers=(Worker(), Worker()),
        )

    def _steps(self, world: World) -> Iterator[tuple[str, World]]:
        for n, ask in enumerate(world.asks):
            yield from self._ask_steps(world, n, ask)
        for n, worker in enumerate(world.workers):
            yield from self._worker_steps(world, n, worker)
        if world.time + 1 < len(TIMES):
            yield "time passes", replace(world, time=world.time + 1)
        for n in range(self._requests):
            if 0 < world.deliveries[n] < MOST_DELIVERIES:
                yield f"r{n} is delivered again", _queued(world, n)

    def _ask_steps(self, world: World, n: int, ask: Ask) -> Iterator[tuple[str, World]]:
        now = TIMES[world.time]
        if ask.state == "want":
            bucket = bucket_for(now)
            items, short = self._do(world.items, "hold", HOLDS[n], bucket)
            if short is None:
                yield f"r{n} reserves", _with_ask(world, n, Ask("held", bucket), items)
                yield f"r{n} reserves and dies", _with_ask(world, n, Ask("lost"), items)
            else:
                lapsed = _seen(_account(short).lapsed(now))
                yield (
                    f"r{n} is short",
                    _with_ask(world, n, Ask("sweep", seen=lapsed) if lapsed else Ask("refused")),
                )
        elif ask.state == "sweep":
            items, _ = self._do(world.items, "sweep", ask.seen)
            yield f"r{n} sweeps", _with_ask(world, n, Ask("want"), items)
        elif ask.state == "held":
            yield f"r{n} emits", _queued(_with_ask(world, n, replace(ask, state="emitted")), n)
            yield f"r{n} dies", _with_ask(world, n, Ask("lost"))

    def _worker_steps(self, world: World, n: int, worker: Worker) -> Iterator[tuple[str, World]]:
        may_crash = world.crashes < self._crashes
        if worker.state == "idle":
            for batch in _batches(world.queue):
                busy = Worker("settle", batch, tuple(sorted(set(batch))))
                yield f"w{n} takes {batch}", _with_worker(_taken(world, batch), n, busy)
            return
        if may_crash:
            yield f"w{n} dies", _with_worker(_returned(world, worker), n, Worker())
        if worker.state == "settle":
            ends = tuple((each, world.asks[each].bucket) for each in worker.left)
            items, verdict = self._do(world.items, "settle", ends, worker.account)
            if verdict == "stale":
                yield f"w{n} finds it stale", _with_worker(world, n, replace(worker, state="look"))
            else:
                done = replace(world, items=items)
                yield f"w{n} settles {worker.left}", _with_worker(done, n, Worker())
                if may_crash:
                    yield f"w{n} settles and dies", _with_worker(_returned(done, worker), n, Worker())
        elif worker.state == "look":
            _, booked = self._do(world.items, "look", worker.left)
            left = tuple(each for each in worker.left if each not in booked)
            after = replace(worker, state="read", left=left) if left else Worker()
            yield f"w{n} looks up entries", _with_worker(world, n, after)
        elif worker.state == "read":
            _, seen = self._do(world.items, "read")
            after = replace(worker, state="settle", account=seen)
            yield f"w{n} reads the account", _with_worker(world, n, after)

    def _do(self, items: Items, action: str, *arguments: Any) -> tuple[Items, Any]:
        """Carry out one call of the store on a table; the same call on the same table is carried out once."""
        key = (items, action, arguments)
        if key not in self._known:
            table = MemoryDynamoDb()
            table.items = {name: {k: literal_eval(v) for k, v in values} for name, values in items}
            store = BillingStore(Weakened(table, self._without), "billing", clock=lambda: 0.0)
            outcome = _carry_out(store, action, *arguments)
            self._known[key] = (_frozen(table), outcome)
        return self._known[key]


def _carry_out(store: BillingStore, action: str, *arguments: Any) -> Any:
    match action, arguments:
        case "hold", (amount, bucket):
            try:
                store.hold(USER, amount, bucket)
            except Short as short:
                return short.account.available_nano_usd, _seen(short.account.holds)
        case "sweep", (seen,):
            store.sweep(USER, {bucket: Held(amount, count) for bucket, amount, count in seen})
        case "settle", (ends, account):
            try:
                store.settle(settlement_of([_end(*each) for each in ends], account and _account(account)))
            except Stale:
                return "stale"
        case "look", (left,):
            return {n for n in left if store.booked_entries(USER, [f"r{n}"])}
        case "read", ():
            read = store.account(USER)
            return read.available_nano_usd, _seen(read.holds)
    return None


def _end(n: int, bucket: str) -> UsageEnd:
    return UsageEnd(
        request_id=f"r{n}",
        user_id=USER,
        occurred_at="t",
        held_nano_usd=HOLDS[n],
        bucket=bucket,
        usage=Usage(output_tokens=COSTS[n]),
        price=ONE_A_TOKEN,
        details={},
    )


def violation(world: World) -> str | None:
    """What is wrong with a world, if anything."""
    wrong, entries = _sums(world.items)
    if wrong is None and not world.queue and all(worker.state == "idle" for worker in world.workers):
        for n, ask in enumerate(world.asks):
            if ask.state == "emitted" and f"r{n}" not in entries:
                return f"r{n} was emitted and delivered, and has no entry"
    return wrong


@cache
def _sums(items: Items) -> tuple[str | None, frozenset[str]]:
    """What is wrong with a table, if anything, and the ids of its entries."""
    table = {key: {name: literal_eval(value) for name, value in values} for key, values in items}
    balance = table["ACCOUNT#u", "BALANCE"]
    numbers = {name: int(value["N"]) for name, value in balance.items() if "N" in value}
    available = numbers.pop("available")
    held = sum(value for name, value in numbers.items() if name.startswith("hold#"))
    entries = {sk.removeprefix("ENTRY#"): item for (_, sk), item in table.items() if sk.startswith("ENTRY#")}
    posted = CREDIT + sum(int(item["postings"]["M"]["user:u"]["N"]) for item in entries.values())
    wrong = None
    if available < 0:
        wrong = f"available is {available}"
    elif min(numbers.values(), default=0) < 0:
        wrong = f"a hold is below zero: {numbers}"
    elif available + held != posted:
        wrong = f"available {available} + held {held} is not the {posted} that the entries say"
    return wrong, frozenset(entries)


def _way(came_from: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    names: list[str] = []
    step = came_from[world]
    while step is not None:
        before, name = step
        names.append(name)
        step = came_from[before]
    return names[::-1]


def _with_ask(world: World, n: int, ask: Ask, items: Items | None = None) -> World:
    asks = (*world.asks[:n], ask, *world.asks[n + 1 :])
    return replace(world, asks=asks, items=world.items if items is None else items)


def _with_worker(world: World, n: int, worker: Worker) -> World:
    # Workers are alike, so their order does not matter: this halves the states.
    workers = sorted((*world.workers[:n], worker, *world.workers[n + 1 :]), key=repr)
    return replace(world, workers=tuple(workers))


def _queued(world: World, n: int) -> World:
    deliveries = (*world.deliveries[:n], world.deliveries[n] + 1, *world.deliveries[n + 1 :])
    return replace(world, queue=tuple(sorted((*world.queue, n))), deliveries=deliveries)


def _taken(world: World, batch: tuple[int, ...]) -> World:
    rest = list(world.queue)
    for each in batch:
        rest.remove(each)
    return replace(world, queue=tuple(rest))


def _returned(world: World, worker: Worker) -> World:
    """The queue gives back what a worker that died had taken."""
    return replace(world, queue=tuple(sorted(world.queue + worker.batch)), crashes=world.crashes + 1)


def _batches(queue: tuple[int, ...]) -> set[tuple[int, ...]]:
    return {(each,) for each in queue} | ({queue} if len(queue) > 1 else set())


def _seen(holds: Any) -> tuple[tuple[str, int, int], ...]:
    return tuple(sorted((bucket, held.amount_nano_usd, held.count) for bucket, held in holds.items()))


def _account(seen: tuple[int, tuple[tuple[str, int, int], ...]]) -> Account:
    available, holds = seen
    return Account(USER, available, {bucket: Held(amount, count) for bucket, amount, count in holds})


def _frozen(table: MemoryDynamoDb) -> Items:
    return tuple(
        sorted(
            (key, tuple(sorted((name, repr(value)) for name, value in item.items())))
            for key, item in table.items.items()
        )
    )


BROKEN = ("reserve condition", "sweep condition", "idempotency")


def main(arguments: list[str]) -> int:
    """Print what was explored; exit 1 if the outcome is not the expected one."""
    if "--broken" not in arguments:
        states, wrong, way = Explorer().run()
        sys.stdout.write(f"{states} states explored, {wrong or 'no violation'}\n" + "; ".join(way))
        return 1 if wrong else 0
    missed = 0
    for without in BROKEN:
        states, wrong, way = Explorer(without).run()
        missed += wrong is None
        sys.stdout.write(
            f"without {without}: {wrong or 'NOT FOUND'} after {states} states: {'; '.join(way)}\n"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
