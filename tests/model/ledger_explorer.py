"""Every interleaving of a small world: requests that reserve and emit, workers that settle, an operator who debits,
duplicates, crashes, time, and clocks that are slow.

The real store, its real expressions and the real rules run at every step, on DynamoDB in memory; one step is one AWS
call, for between two calls anything may happen. The world is explored breadth first, each state once.

    python -m tests.model.ledger_explorer            states explored, for the protocol as it is
    python -m tests.model.ledger_explorer --broken   the shortest way to lose money in each broken variant
"""

import re
import sys
from ast import literal_eval
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from aggregator.billing.account_item import LAPSED_REQUESTS, POSTED
from aggregator.billing.model import Account, Held, Settlement, UsageEnd, bucket_for, settlement_of
from aggregator.billing.price import Price, Usage
from aggregator.billing.store import BillingStore, Short, Stale
from aggregator.billing.transaction import Order, entry_of
from tests.fakes.memory_dynamodb import MemoryDynamoDb

JsonObject = dict[str, Any]
Items = tuple[tuple[tuple[str, str], tuple[tuple[str, str], ...]], ...]

USER = "u"
CREDIT = 5
TIMES = (0, 4000)  # at the second, what was held at the first has lapsed
HOLDS = (2, 3, 2)
COSTS = (1, 4, 2)  # the second costs more than its hold
DEBIT = 4
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
class Debit:
    """What an operator takes: `state` is none, want, look, done or refused; `swept` is what it plans to sweep."""

    state: str = "none"
    swept: tuple[tuple[str, int, int], ...] = ()


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
    late: int = 0
    debit: Debit = Debit()
    wrong: str | None = None


@dataclass(frozen=True)
class Scene:
    """What a world is made of. `slow`: a hold may be written into a bucket that has lapsed by other clocks."""

    holds: tuple[int, ...] = HOLDS
    costs: tuple[int, ...] = COSTS
    credit: int = CREDIT
    crashes: int = MOST_CRASHES
    deliveries: int = MOST_DELIVERIES
    slow: bool = False
    debit: int = 0


SCENE = Scene()
LATE_USAGE_THAT_SWEEPS = "late usage that sweeps"
CLAUSES = {
    "available": r"available >=",
    "amount": r"#hold\d+ >=",
    "count": r"#holds\d+ >=",
    "amount as seen": r"#hold\d+ =",
    "count as seen": r"#holds\d+ =",
    "new": r"attribute_not_exists",
}


class Weakened:
    """DynamoDB that forgets one clause of one write: `without` is the write, a colon, and how the clause begins."""

    def __init__(self, inner: MemoryDynamoDb, without: str) -> None:
        self._inner = inner
        self._write, _, self._clause = without.partition(": ")

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Drop the clause that the variant is without, then carry out the call."""
        if action == "UpdateItem":
            write = "sweep" if "REMOVE" in request["UpdateExpression"] else "reserve"
            request = self._weakened(write, request)
        if action == "TransactWriteItems":
            debits = any("ENTRY#d" in str(one) for one in request["TransactItems"])
            write = "debit" if debits else "settle"
            request = {
                "TransactItems": [
                    {
                        kind: self._weakened("entry" if kind == "Put" else write, each)
                        for kind, each in one.items()
                    }
                    for one in request["TransactItems"]
                ]
            }
        return self._inner.call(action, request)

    def _weakened(self, write: str, request: JsonObject) -> JsonObject:
        named = {write, "swept"} if "REMOVE" in request.get("UpdateExpression", "") else {write}
        if self._write not in named or "ConditionExpression" not in request:
            return request
        clauses = request["ConditionExpression"].split(" AND ")
        kept = [each for each in clauses if not re.match(CLAUSES[self._clause], each)]
        rest = {name: value for name, value in request.items() if name != "ConditionExpression"}
        return rest | ({"ConditionExpression": " AND ".join(kept)} if kept else {})


class Explorer:
    """Breadth-first search over worlds; `without` names what a deliberately broken variant leaves out."""

    def __init__(self, without: str = "", scene: Scene = SCENE) -> None:
        self._without = without
        self._scene = scene
        self._requests = len(scene.holds)
        self._known: dict[Any, tuple[Items, Any]] = {}

    def run(self, most_states: int | None = None) -> tuple[int, str | None, list[str]]:
        """Explore; return the number of states, what was violated (None: nothing), and the shortest way to it."""
        start = self._start()
        came_from: dict[World, tuple[World, str] | None] = {start: None}
        ahead = deque([start])
        while ahead:
            world = ahead.popleft()
            wrong = violation(world, self._scene)
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
            "available": {"N": str(self._scene.credit)},
        }
        return World(
            items=_frozen(table),
            asks=(Ask(),) * self._requests,
            queue=(),
            deliveries=(0,) * self._requests,
            workers=(Worker(), Worker()),
            debit=Debit("want" if self._scene.debit else "none"),
        )

    def _steps(self, world: World) -> Iterator[tuple[str, World]]:
        for n, ask in enumerate(world.asks):
            yield from self._ask_steps(world, n, ask)
        for n, worker in enumerate(world.workers):
            yield from self._worker_steps(world, n, worker)
        yield from self._debit_steps(world)
        if world.time + 1 < len(TIMES):
            yield "time passes", replace(world, time=world.time + 1)
        for n in range(self._requests):
            if 0 < world.deliveries[n] < self._scene.deliveries:
                yield f"r{n} is delivered again", _queued(world, n)

    def _ask_steps(self, world: World, n: int, ask: Ask) -> Iterator[tuple[str, World]]:
        now = TIMES[world.time]
        if ask.state == "want":
            for taken in range(world.time + 1) if self._scene.slow else (world.time,):
                yield from self._reserve_steps(world, n, bucket_for(TIMES[taken]), now)
        elif ask.state == "sweep":
            items, _ = self._do(world.items, "sweep", ask.seen)
            yield f"r{n} sweeps", _with_ask(world, n, Ask("want"), items)
        elif ask.state == "held":
            yield f"r{n} emits", _queued(_with_ask(world, n, replace(ask, state="emitted")), n)
            yield f"r{n} dies", _with_ask(world, n, Ask("lost"))

    def _reserve_steps(self, world: World, n: int, bucket: str, now: int) -> Iterator[tuple[str, World]]:
        items, short = self._do(world.items, "hold", self._scene.holds[n], bucket)
        if short is None:
            yield f"r{n} reserves until {bucket}", _with_ask(world, n, Ask("held", bucket), items)
            yield f"r{n} reserves until {bucket} and dies", _with_ask(world, n, Ask("lost"), items)
            return
        lapsed = _seen(_account(short).lapsed(now))
        yield (
            f"r{n} is short",
            _with_ask(world, n, Ask("sweep", seen=lapsed) if lapsed else Ask("refused")),
        )

    def _debit_steps(self, world: World) -> Iterator[tuple[str, World]]:
        debit, now = world.debit, TIMES[world.time]
        if debit.state == "want":
            items, verdict = self._do(world.items, "debit", self._scene.debit, debit.swept)
            if verdict == "stale":
                yield "the debit is short", replace(world, debit=replace(debit, state="look"))
            else:
                yield "the debit is booked", replace(world, items=items, debit=Debit("done"))
        elif debit.state == "look":
            _, seen = self._do(world.items, "read")
            account = _account(seen)
            if account.spendable(now) < self._scene.debit:
                yield "the debit is refused", replace(world, debit=Debit("refused"))
            else:
                swept = account.available_nano_usd < self._scene.debit
                plan = _seen(account.to_sweep(now)) if swept else ()
                yield "the debit looks at the account", replace(world, debit=Debit("want", plan))

    def _worker_steps(self, world: World, n: int, worker: Worker) -> Iterator[tuple[str, World]]:
        may_crash = world.crashes < self._scene.crashes
        if worker.state == "idle":
            for batch in _batches(world.queue):
                busy = Worker("settle", batch, tuple(sorted(set(batch))))
                yield f"w{n} takes {batch}", _with_worker(_taken(world, batch), n, busy)
            return
        if may_crash:
            yield f"w{n} dies", _with_worker(_returned(world, worker), n, Worker())
        if worker.state == "settle":
            ends = tuple(self._end(each, world.asks[each].bucket) for each in worker.left)
            now = TIMES[world.time] if worker.account else 0
            swept_at = 0 if self._without == LATE_USAGE_THAT_SWEEPS else now
            items, verdict = self._do(world.items, "settle", ends, worker.account, now, swept_at)
            if verdict == "stale":
                yield f"w{n} finds it stale", _with_worker(world, n, replace(worker, state="look"))
            else:
                late, wrong = verdict
                done = replace(world, items=items, late=world.late + late, wrong=wrong)
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

    def _end(self, n: int, bucket: str) -> tuple[int, str, int, int]:
        return n, bucket, self._scene.holds[n], self._scene.costs[n]

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
        case "settle", (ends, account, now, swept_at):
            plan = settlement_of([_end(*each) for each in ends], account and _account(account), swept_at)
            try:
                store.settle(plan)
            except Stale:
                return "stale"
            return plan.late, _lost_beside(plan, _account(account), now) if account else None
        case "debit", (amount, swept):
            order = Order("d", USER, "debit", amount, "t")
            buckets = {bucket: Held(held, count) for bucket, held, count in swept}
            try:
                store.book(entry_of(order), swept=buckets)
            except Stale:
                return "stale"
        case "look", (left,):
            return {n for n in left if store.booked_entries(USER, [f"r{n}"])}
        case "read", ():
            read = store.account(USER)
            return read.available_nano_usd, _seen(read.holds)
    return None


def _lost_beside(plan: Settlement, seen: Account, now: int) -> str | None:
    """What is wrong with a plan that books late usage as lost though its user can spend money, by what it had read."""
    runs = {bucket: held for bucket, held in seen.holds.items() if bucket not in seen.lapsed(now)}
    running = sum(held.amount_nano_usd for held in runs.values())
    running -= sum(held.amount_nano_usd for bucket, held in plan.released.items() if bucket in runs)
    spendable = seen.total_nano_usd + sum(entry.amount_nano_usd for entry in plan.entries) - running
    if plan.late == len(plan.entries) and plan.loss_nano_usd and spendable:
        return f"{plan.loss_nano_usd} booked as lost beside {spendable} that can be spent"
    return None


def _end(n: int, bucket: str, held: int, cost: int) -> UsageEnd:
    return UsageEnd(
        request_id=f"r{n}",
        user_id=USER,
        occurred_at="t",
        held_nano_usd=held,
        bucket=bucket,
        usage=Usage(output_tokens=cost),
        price=ONE_A_TOKEN,
        details={},
    )


def violation(world: World, scene: Scene = SCENE) -> str | None:
    """What is wrong with a world, if anything."""
    wrong, entries, counted = _sums(world.items, scene.credit)
    wrong = wrong or world.wrong
    reserved = sum(ask.state in ("held", "emitted", "lost") for ask in world.asks)
    settled = sum(f"r{n}" in entries for n in range(len(world.asks)))
    if wrong is None and counted + settled - world.late != reserved:
        wrong = f"{reserved} requests held money, and the account counts {counted} beside {settled} that are settled"
    if wrong is None and not world.queue and all(worker.state == "idle" for worker in world.workers):
        for n, ask in enumerate(world.asks):
            if ask.state == "emitted" and f"r{n}" not in entries:
                return f"r{n} was emitted and delivered, and has no entry"
    return wrong


@cache
def _sums(items: Items, credit: int) -> tuple[str | None, frozenset[str], int]:
    """What is wrong with a table, if anything, the ids of its entries, and the requests that it counts as held."""
    table = {key: {name: literal_eval(value) for name, value in values} for key, values in items}
    balance = table["ACCOUNT#u", "BALANCE"]
    numbers = {name: int(value["N"]) for name, value in balance.items() if "N" in value}
    available = numbers["available"]
    holds = {name: value for name, value in numbers.items() if name.startswith(("hold#", "holds#"))}
    held = sum(value for name, value in holds.items() if name.startswith("hold#"))
    counted = sum(holds.values()) - held + numbers.get(LAPSED_REQUESTS, 0)
    entries = {sk.removeprefix("ENTRY#"): item for (_, sk), item in table.items() if sk.startswith("ENTRY#")}
    posted = credit + sum(int(item["postings"]["M"]["user:u"]["N"]) for item in entries.values())
    by_day = credit + sum(value for name, value in numbers.items() if name.startswith(POSTED))
    wrong = None
    if available < 0:
        wrong = f"available is {available}"
    elif min(holds.values(), default=0) < 0:
        wrong = f"a hold is below zero: {holds}"
    elif available + held != posted:
        wrong = f"available {available} + held {held} is not the {posted} that the entries say"
    elif by_day != posted:
        wrong = f"the days of the account say {by_day}, and its entries {posted}"
    return wrong, frozenset(entries), counted


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


DEBITED = Scene(holds=(2, 3), costs=(1, 3), debit=DEBIT, crashes=0)
SLOW = Scene(holds=(2, 1, 1), costs=(1, 1, 1), credit=6, debit=5, slow=True, crashes=0, deliveries=1)
SCENES = {
    "requests and workers": Scene(crashes=0),
    "crashes": Scene(holds=HOLDS[:2], costs=COSTS[:2], crashes=2),
    "slow clocks": Scene(holds=(2, 3), costs=(1, 4), slow=True),
    "a debit": DEBITED,
    "a debit and slow clocks": replace(SLOW, holds=(2, 1), costs=(1, 2), deliveries=2),
}
"""What is explored whole."""

# Each clause of each write, and the scene in which its lack is found. `swept` is what all writes that sweep ask.
# The last is a rule: without it, what a user can spend is booked as the platform's loss.
BROKEN = {
    "reserve: available": SCENE,
    "swept: amount as seen": SLOW,
    "swept: count as seen": SLOW,
    "settle: amount": Scene(slow=True, crashes=0),
    "settle: count": Scene(holds=(2, 3, 5), costs=(1, 3, 2), slow=True, crashes=0),
    "settle: available": Scene(slow=True, crashes=0),
    "entry: new": SCENE,
    "debit: available": DEBITED,
    LATE_USAGE_THAT_SWEEPS: Scene(slow=True, crashes=0),
}


def main(arguments: list[str]) -> int:
    """Print what was explored; exit 1 if the outcome is not the expected one."""
    if "--broken" not in arguments:
        failed = 0
        for name, scene in ({"all of it": SCENE} | SCENES).items():
            states, wrong, way = Explorer(scene=scene).run()
            failed += wrong is not None
            sys.stdout.write(f"{name}: {states} states, {wrong or 'no violation'} {'; '.join(way)}\n")
        return 1 if failed else 0
    missed = 0
    for without, scene in BROKEN.items():
        states, wrong, way = Explorer(without, scene).run()
        missed += wrong is None
        sys.stdout.write(
            f"without {without}: {wrong or 'NOT FOUND'} after {states} states: {'; '.join(way)}\n"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
