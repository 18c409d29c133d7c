"""What explored worlds are made of: requests, workers, an operator, a queue, a table; and how one follows another."""

from dataclasses import dataclass, replace
from typing import Any

from aggregator.billing.model import Account, Held
from aggregator.billing.price import Price
from tests.fakes.memory_dynamodb import MemoryDynamoDb

JsonObject = dict[str, Any]
Items = tuple[tuple[tuple[str, str], tuple[tuple[str, str], ...]], ...]

USER = "u"
MEMBER = "m"
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
    """One request: `state` is want, sweep, held, answered, emitted, refused or lost.

    `kept` is what its event says is held; `is_over`: all of its hold went back, and its count with it.
    """

    state: str = "want"
    bucket: str = ""
    kept: int = 0
    is_over: bool = False
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
    """Everything that is the case at one moment. `said` are the versions of the user that the wallet was told."""

    items: Items
    asks: tuple[Ask, ...]
    queue: tuple[int, ...]
    deliveries: tuple[int, ...]
    workers: tuple[Worker, ...]
    time: int = 0
    crashes: int = 0
    late: int = 0
    debit: Debit = Debit()
    said: tuple[int, ...] = ()
    wrong: str | None = None


@dataclass(frozen=True)
class Scene:
    """What a world is made of.

    `slow`: a hold may be written into a bucket that has lapsed by other clocks. `returns`: every hold is large, so its
    rest may come back with the answer. `suspends` are the versions of the user whose states are said to the wallet,
    each once or twice and in any order: an odd one suspends, an even one resumes. `member` is who reserves, where the
    wallet is a team's.
    """

    holds: tuple[int, ...] = HOLDS
    costs: tuple[int, ...] = COSTS
    credit: int = CREDIT
    crashes: int = MOST_CRASHES
    deliveries: int = MOST_DELIVERIES
    slow: bool = False
    debit: int = 0
    returns: bool = False
    suspends: tuple[int, ...] = ()
    member: str | None = None


SCENE = Scene()


def with_ask(world: World, n: int, ask: Ask, items: Items | None = None) -> World:
    """One request of a world, changed."""
    asks = (*world.asks[:n], ask, *world.asks[n + 1 :])
    return replace(world, asks=asks, items=world.items if items is None else items)


def with_worker(world: World, n: int, worker: Worker) -> World:
    """One worker of a world, changed."""
    # Workers are alike, so their order does not matter: this halves the states.
    workers = sorted((*world.workers[:n], worker, *world.workers[n + 1 :]), key=repr)
    return replace(world, workers=tuple(workers))


def queued(world: World, n: int) -> World:
    """A request's event, once more on the queue."""
    deliveries = (*world.deliveries[:n], world.deliveries[n] + 1, *world.deliveries[n + 1 :])
    return replace(world, queue=tuple(sorted((*world.queue, n))), deliveries=deliveries)


def taken_off(world: World, batch: tuple[int, ...]) -> World:
    """The queue without a batch."""
    rest = list(world.queue)
    for each in batch:
        rest.remove(each)
    return replace(world, queue=tuple(rest))


def redelivered(world: World, worker: Worker) -> World:
    """The queue gives back what a worker that died had taken."""
    return replace(world, queue=tuple(sorted(world.queue + worker.batch)), crashes=world.crashes + 1)


def batches(queue: tuple[int, ...]) -> set[tuple[int, ...]]:
    """What a worker may take: one message, or all."""
    return {(each,) for each in queue} | ({queue} if len(queue) > 1 else set())


def as_seen(holds: Any) -> tuple[tuple[str, int, int], ...]:
    """Buckets as a world writes them down."""
    return tuple(sorted((bucket, held.amount_nano_usd, held.requests) for bucket, held in holds.items()))


def account_as(seen: tuple[int, tuple[tuple[str, int, int], ...]]) -> Account:
    """An account as it was seen."""
    available, holds = seen
    return Account(USER, available, {bucket: Held(amount, count) for bucket, amount, count in holds})


def frozen(table: MemoryDynamoDb) -> Items:
    """A table as a world writes it down."""
    return tuple(
        sorted(
            (key, tuple(sorted((name, repr(value)) for name, value in item.items())))
            for key, item in table.items.items()
        )
    )
