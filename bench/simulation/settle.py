"""The settle queue: messages wait for a batch, batches for a function, transactions for the account item."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from random import Random

from bench.simulation.account import Account
from bench.simulation.clock import Loop, Process
from bench.simulation.parameters import Parameters
from bench.simulation.tally import Tally

TRIES = 8
FIRST_PAUSE_SECONDS = 0.05
PER_TRANSACTION = 99
VISIBILITY_SECONDS = 240.0
"""As in aggregator.billing.settle and template.yaml; tests hold them equal."""


@dataclass(frozen=True, slots=True)
class Message:
    """A usage event: whose, what was held, what it cost, when it was emitted, and whether it counts."""

    account: Account
    held: float
    cost: float
    at: float
    counts: bool


class SettleQueue:
    """billing-usage and its consumers.

    Each poller fills a batch of its own, which goes when it is full or when its window is over, to one of at most
    `settlers` functions at once; batches that find none wait, first come first served.
    """

    def __init__(self, loop: Loop, parameters: Parameters, rng: Random, tally: Tally) -> None:
        self._loop = loop
        self._rng = rng
        self._tally = tally
        self._parameters = parameters
        self._filling: list[list[Message]] = [[] for _ in range(min(parameters.pollers, parameters.settlers))]
        self._ready: deque[list[Message]] = deque()
        self._running = 0
        self.backlog = 0
        """Messages that no function has taken yet."""

    def put(self, message: Message) -> None:
        """Take a message."""
        self.backlog += 1
        poller = self._rng.randrange(len(self._filling))
        batch = self._filling[poller]
        batch.append(message)
        if len(batch) >= self._parameters.batch:
            self._close(poller)
        elif len(batch) == 1:
            self._loop.start(self._end_of_window(poller, batch), self._parameters.window)

    def _end_of_window(self, poller: int, batch: list[Message]) -> Process:
        if self._filling[poller] is batch:
            self._close(poller)
        return
        yield

    def _close(self, poller: int) -> None:
        self._ready.append(self._filling[poller])
        self._filling[poller] = []
        self._go()

    def _go(self) -> None:
        while self._ready and self._running < self._parameters.settlers:
            batch = self._ready.popleft()
            self._running += 1
            self.backlog -= len(batch)
            self._loop.start(self._settle(batch))

    def _settle(self, batch: list[Message]) -> Process:
        begun = self._loop.now
        self._tally.batches.append(len(batch))
        yield self._parameters.settle_own_ms / 1000
        by_account: dict[str, list[Message]] = {}
        for message in batch:
            by_account.setdefault(message.account.name, []).append(message)
        for theirs in by_account.values():
            for first in range(0, len(theirs), PER_TRANSACTION):
                yield from self._transact(theirs[first : first + PER_TRANSACTION])
            yield self._parameters.read_ms / 1000  # looks for buckets that are over
            self._tally.calls["read"] += 1
        self._tally.settle_seconds_run += self._loop.now - begun
        self._running -= 1
        self._go()

    def _transact(self, messages: list[Message]) -> Process:
        account = messages[0].account
        for attempt in range(TRIES):
            collision = yield from self._try(account, messages)
            if collision is None:
                return
            self._tally.retries[collision] += 1
            yield self._rng.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt)
        self._tally.retries["settle: back to the queue"] += 1
        self._loop.start(self._again(messages), VISIBILITY_SECONDS)

    def _try(self, account: Account, messages: list[Message]) -> Generator[float, None, str | None]:
        gap = self._parameters.stamp_gap_ms / 1000
        whole = self._parameters.transaction_ms / 1000
        stamped = self._loop.now
        yield gap
        if account.in_transaction(self._loop.now):
            yield self._parameters.update_ms / 1000
            return "settle: other transaction"
        if gap and account.written_since(stamped):
            yield self._parameters.update_ms / 1000
            return "settle: newer write"
        if not account.may_transact(self._loop.now, len(messages)):
            yield self._parameters.update_ms / 1000
            return "settle: partition full"
        self._tally.calls["settle units"] += 2 * account.units + 2 * len(messages)
        self._tally.calls["transactions"] += 1
        account.begin(self._loop.now, whole)
        yield whole
        for message in messages:
            account.settle(message.held, message.cost)
            if message.counts:
                self._tally.queue_ages.append(self._loop.now - message.at)
        return None

    def _again(self, messages: list[Message]) -> Process:
        for message in messages:
            self.put(message)
        return
        yield
