"""Every interleaving of a small world: requests that reserve, return and emit, workers that settle, an operator who
debits, suspends and resumes, duplicates, crashes, lost answers, time, and clocks that are slow.

The real store, its real expressions and the real rules run at every step, on DynamoDB in memory; one step is one AWS
call, for between two calls anything may happen. The world is explored breadth first, each state once.

    python -m tests.model.ledger_explorer            states explored, for the protocol as it is
    python -m tests.model.ledger_explorer --broken   the shortest way to lose money in each broken variant
"""

import sys
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from aggregator.billing.account_item import LAPSED_REQUESTS, POSTED
from aggregator.billing.model import bucket_for
from aggregator.billing.store import BillingStore
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.model.calls import ANSWER_LOST, DONE, DONE_TWICE, NOT_DONE, SUSPENDED, Weakened, carry_out
from tests.model.scenes import (
    ALL_OF_IT,
    BROKEN,
    DOUBT_COUNTS_AS_DONE,
    EVENT_SAYS_WHAT_IS_HELD,
    LATE_USAGE_THAT_SWEEPS,
    ONE_TRY,
)
from tests.model.search import OncePerTable, explored
from tests.model.world import (
    MEMBER,
    SCENE,
    TIMES,
    Ask,
    Debit,
    Items,
    Scene,
    Worker,
    World,
    account_as,
    as_seen,
    batches,
    frozen,
    queued,
    redelivered,
    taken_off,
    with_ask,
    with_worker,
)

MOST_TIMES_SAID = 2


class Explorer:
    """Breadth-first search over worlds; `without` names what a deliberately broken variant leaves out."""

    def __init__(self, without: str = "", scene: Scene = SCENE) -> None:
        self._without = without
        self._scene = scene
        self._requests = len(scene.holds)
        self._do = OncePerTable(self._carried_out)

    def run(self) -> tuple[int, str | None, list[str]]:
        """Explore; return the number of states, what was violated (None: nothing), and the shortest way to it."""
        return explored(self._start(), self._steps, lambda world: violation(world, self._scene))

    def _start(self) -> World:
        table = MemoryDynamoDb()
        table.items["ACCOUNT#u", "BALANCE"] = {
            "pk": {"S": "ACCOUNT#u"},
            "sk": {"S": "BALANCE"},
            "available": {"N": str(self._scene.credit)},
        }
        return World(
            items=frozen(table),
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
        yield from self._state_steps(world)
        if world.time + 1 < len(TIMES):
            yield "time passes", replace(world, time=world.time + 1)
        for n in range(self._requests):
            if 0 < world.deliveries[n] < self._scene.deliveries:
                yield f"r{n} is delivered again", queued(world, n)

    def _ask_steps(self, world: World, n: int, ask: Ask) -> Iterator[tuple[str, World]]:
        now = TIMES[world.time]
        if ask.state == "want":
            for taken in range(world.time + 1) if self._scene.slow else (world.time,):
                yield from self._reserve_steps(world, n, bucket_for(TIMES[taken]), now)
        elif ask.state == "sweep":
            items, _ = self._do(world.items, "sweep", ask.seen)
            yield f"r{n} sweeps", with_ask(world, n, Ask("want"), items)
        elif ask.state in ("held", "answered"):
            yield f"r{n} emits", queued(with_ask(world, n, replace(ask, state="emitted")), n)
            yield f"r{n} dies", with_ask(world, n, Ask("lost", is_over=ask.is_over))
            if ask.state == "held" and self._scene.returns:
                yield from self._return_steps(world, n, ask)

    def _reserve_steps(self, world: World, n: int, bucket: str, now: int) -> Iterator[tuple[str, World]]:
        items, short = self._do(world.items, "hold", self._scene.holds[n], bucket, self._scene.member)
        if short == SUSPENDED:
            yield f"r{n} is refused", with_ask(world, n, Ask("refused"))
            return
        if short is None and _is_suspended(world):
            wrong = f"r{n} reserves, and its user is suspended"
            yield f"r{n} reserves", replace(with_ask(world, n, Ask("lost"), items), wrong=wrong)
            return
        if short is None:
            held = Ask("held", bucket, self._scene.holds[n])
            yield f"r{n} reserves until {bucket}", with_ask(world, n, held, items)
            yield f"r{n} reserves until {bucket} and dies", with_ask(world, n, Ask("lost"), items)
            return
        lapsed = as_seen(account_as(short).lapsed(now))
        yield (
            f"r{n} is short",
            with_ask(world, n, Ask("sweep", seen=lapsed) if lapsed else Ask("refused")),
        )

    def _return_steps(self, world: World, n: int, ask: Ask) -> Iterator[tuple[str, World]]:
        kept = min(self._scene.costs[n], ask.kept)
        if kept == ask.kept:
            return
        for fate in (DONE, ANSWER_LOST, NOT_DONE):
            twice = fate == ANSWER_LOST and self._without == ONE_TRY
            items, back = self._do(
                world.items, "return", ask.bucket, ask.kept, kept, DONE_TWICE if twice else fate
            )
            is_over = bool(back) and not kept and fate != NOT_DONE
            if self._without == DOUBT_COUNTS_AS_DONE and fate == ANSWER_LOST:
                back = 0
            if self._without == EVENT_SAYS_WHAT_IS_HELD:
                back = 0
            answered = replace(ask, state="answered", kept=ask.kept - back, is_over=is_over)
            yield f"r{n} returns its rest{fate}", with_ask(world, n, answered, items)
            lost = Ask("lost", is_over=is_over)
            yield f"r{n} returns its rest{fate}, and it dies", with_ask(world, n, lost, items)

    def _state_steps(self, world: World) -> Iterator[tuple[str, World]]:
        for version in self._scene.suspends:
            if world.said.count(version) < MOST_TIMES_SAID:
                items, _ = self._do(world.items, "say", version % 2 == 1, version, self._scene.member)
                said = tuple(sorted((*world.said, version)))
                yield f"version {version} is said", replace(world, items=items, said=said)

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
            account = account_as(seen)
            if account.spendable(now) < self._scene.debit:
                yield "the debit is refused", replace(world, debit=Debit("refused"))
            else:
                swept = account.available_nano_usd < self._scene.debit
                plan = as_seen(account.to_sweep(now)) if swept else ()
                yield "the debit looks at the account", replace(world, debit=Debit("want", plan))

    def _worker_steps(self, world: World, n: int, worker: Worker) -> Iterator[tuple[str, World]]:
        may_crash = world.crashes < self._scene.crashes
        if worker.state == "idle":
            for batch in batches(world.queue):
                busy = Worker("settle", batch, tuple(sorted(set(batch))))
                yield f"w{n} takes {batch}", with_worker(taken_off(world, batch), n, busy)
            return
        if may_crash:
            yield f"w{n} dies", with_worker(redelivered(world, worker), n, Worker())
        if worker.state == "settle":
            ends = tuple(self._end(each, world.asks[each]) for each in worker.left)
            now = TIMES[world.time] if worker.account else 0
            swept_at = 0 if self._without == LATE_USAGE_THAT_SWEEPS else now
            items, verdict = self._do(world.items, "settle", ends, worker.account, now, swept_at)
            if verdict == "stale":
                yield f"w{n} finds it stale", with_worker(world, n, replace(worker, state="look"))
            else:
                late, wrong = verdict
                done = replace(world, items=items, late=world.late + late, wrong=wrong)
                yield f"w{n} settles {worker.left}", with_worker(done, n, Worker())
                if may_crash:
                    yield f"w{n} settles and dies", with_worker(redelivered(done, worker), n, Worker())
        elif worker.state == "look":
            _, booked = self._do(world.items, "look", worker.left)
            left = tuple(each for each in worker.left if each not in booked)
            after = replace(worker, state="read", left=left) if left else Worker()
            yield f"w{n} looks up entries", with_worker(world, n, after)
        elif worker.state == "read":
            _, seen = self._do(world.items, "read")
            after = replace(worker, state="settle", account=seen)
            yield f"w{n} reads the account", with_worker(world, n, after)

    def _end(self, n: int, ask: Ask) -> tuple[int, str, int, int]:
        return n, ask.bucket, ask.kept, self._scene.costs[n]

    def _carried_out(self, table: MemoryDynamoDb, action: str, *arguments: Any) -> Any:
        store = BillingStore(Weakened(table, self._without), "billing", clock=lambda: 0.0)
        return carry_out(store, action, *arguments)


def _is_suspended(world: World) -> bool:
    """Whether the latest version that was said is one that suspends."""
    return max(world.said, default=0) % 2 == 1


def _state_is_wrong(world: World) -> str | None:
    """What is wrong with a wallet that follows another version than the latest that it was told."""
    balance = next(values for key, values in world.items if key[1] == "BALANCE")
    follows = any(name in ("suspended", f"suspended#{MEMBER}") for name, _ in balance)
    return (
        None
        if follows == _is_suspended(world)
        else f"told {world.said}, the wallet says suspended: {follows}"
    )


def violation(world: World, scene: Scene = SCENE) -> str | None:
    """What is wrong with a world, if anything."""
    wrong, entries, counted = _sums(world.items, scene.credit)
    wrong = wrong or world.wrong or _state_is_wrong(world)
    reserved = sum(
        ask.state in ("held", "answered", "emitted", "lost") and not ask.is_over for ask in world.asks
    )
    settled = sum(f"r{n}" in entries and ask.kept > 0 for n, ask in enumerate(world.asks))
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


def main(arguments: list[str]) -> int:
    """Print what was explored; exit 1 if the outcome is not the expected one."""
    if "--broken" not in arguments:
        failed = 0
        for name, scene in ALL_OF_IT.items():
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
