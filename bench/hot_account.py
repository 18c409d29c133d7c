"""One account under load: how fast it can reserve, and how settling keeps up with it, by batch.

    python -m bench.hot_account            # on the emulator, and on DynamoDB Local where Java is there

Both engines are one process on this machine, so their reserves a second are theirs and this machine's, not DynamoDB's
(about 1,000 a second on one item). What carries over is the shape: writes of one item queue up and none is refused
for another; and the number of calls that settling makes, which is the same everywhere.
"""

import os
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.billing.entry import UsageEnd
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Hold
from aggregator.billing.price import Price, Usage
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import settle_account, sweep_over
from aggregator.billing.transaction import Order, book
from aggregator.runtime.aws import Aws, JsonObject
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine

THREADS = 64
RESERVES = 4_000
EVENTS = 1_000
BATCHES = (1, 10, 25, 100)
USER = "hot"
AMOUNT = 1_000
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": ""}
ONE_NANO_A_TOKEN = Price(version="1", input=1_000_000, output=1_000_000)


@dataclass
class Counting:
    """Passes calls on, and counts them by action; safe to share between threads."""

    aws: Aws
    calls: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """See `Aws.call`."""
        with self._lock:
            self.calls[action] += 1
        return self.aws.call(action, request)


def main() -> None:
    """Print both tables for every engine that is there."""
    os.environ.update(CREDENTIALS)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        for name, engine in _engines(folder, opened):
            print(f"\n{name}: {THREADS} threads reserve on one account")
            _print_reserves(engine)
            print(f"\n{name}: settling {EVENTS} events of one account")
            _print_settling(engine)
            engine.hang_up()


def _engines(folder: Path, opened: ExitStack) -> Iterator[tuple[str, Engine]]:
    (folder / "ministack").mkdir()
    yield "The emulator", opened.enter_context(engines.ministack(folder / "ministack"))
    if engines.java() is None:
        print("\nDynamoDB Local: left out, for there is no Java on this machine")
        return
    (folder / "dynamodb-local").mkdir()
    yield "DynamoDB Local", opened.enter_context(engines.dynamodb_local(folder / "dynamodb-local"))


def _print_reserves(engine: Engine) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]
    engines.fresh_table(engine)
    _credit(stores[0], RESERVES * AMOUNT)
    seconds: list[float] = []

    def hold(thread: int, _: int) -> None:
        started = time.perf_counter()
        _reserve(stores[thread])
        seconds.append(time.perf_counter() - started)

    started = time.perf_counter()
    crowd(THREADS, range(RESERVES), hold)
    took = time.perf_counter() - started
    seconds.sort()
    account = stores[0].account(USER)
    assert account.available_nano_usd == 0
    print("| reserves | refused | a second | median ms | 99th percentile ms |")
    print("|---|---|---|---|---|")
    print(
        f"| {len(seconds)} | {RESERVES - len(seconds)} | {len(seconds) / took:.0f} "
        f"| {seconds[len(seconds) // 2] * 1000:.0f} | {seconds[len(seconds) * 99 // 100] * 1000:.0f} |"
    )


def _print_settling(engine: Engine) -> None:
    print("| events a batch | transactions | other calls | calls in all | events a second |")
    print("|---|---|---|---|---|")
    for batch in BATCHES:
        engines.fresh_table(engine)
        counting = Counting(engine.aws())
        store = GrantStore(counting, engines.TABLE)
        _credit(store, EVENTS * AMOUNT)
        ends = [_end_of(_reserve(store)) for _ in range(EVENTS)]
        counting.calls.clear()
        started = time.perf_counter()
        for first in range(0, EVENTS, batch):  # what one invocation of the settle function does
            settle_account(store, ends[first : first + batch], time.sleep)
            sweep_over(store, USER, time.time())
        took = time.perf_counter() - started
        assert store.account(USER).total_nano_usd == EVENTS * AMOUNT // 2
        transactions = counting.calls["TransactWriteItems"]
        others = counting.calls.total() - 1 - transactions
        print(
            f"| {batch} | {transactions} | {others} | {transactions + others} | {EVENTS / took:.0f} |",
            flush=True,
        )


def _credit(store: GrantStore, amount: int) -> None:
    order = Order("00-credit", USER, "credit", amount, "2026-11-23T06:00:00.000Z")
    book(store, order, now_epoch_seconds=int(time.time()), sleep=time.sleep)


def _reserve(store: GrantStore) -> Hold:
    return reserve(
        store, USER, at_most_nano_usd=AMOUNT, at_least_nano_usd=AMOUNT, now_epoch_seconds=time.time()
    )


def _end_of(hold: Hold) -> UsageEnd:
    return UsageEnd(
        request_id=str(uuid.uuid4()),
        user_id=USER,
        occurred_at="2026-11-23T06:00:00.000Z",
        held_nano_usd=hold.amount_nano_usd,
        bucket=hold.bucket,
        usage=Usage(output_tokens=AMOUNT // 2),
        price=ONE_NANO_A_TOKEN,
        details={},
    )


if __name__ == "__main__":
    main()
