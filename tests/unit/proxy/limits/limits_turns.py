"""Threads that share a table and run one call at a time, in an order that a test chooses."""

from collections.abc import Callable, Iterator, Sequence
from threading import Semaphore, Thread
from typing import TypeVar

from aggregator.runtime.aws import Aws, AwsError, JsonObject

T = TypeVar("T")
Work = Callable[[Aws], None]


class Turn:
    """One thread's way to the table: each call waits until it is this thread's turn, and may be cut off."""

    def __init__(self, inner: Aws, work: Work) -> None:
        self.failed: BaseException | None = None
        self.is_over = False
        self._inner = inner
        self._work = work
        self._fault: str | None = None
        self._waits = Semaphore(0)
        self._may_go = Semaphore(0)
        self._thread = Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()
        self._waits.acquire()

    def go(self, fault: str | None) -> None:
        """Let it make one call, and run on to the next."""
        self._fault = fault
        self._may_go.release()
        self._waits.acquire()

    def call(self, action: str, request: JsonObject) -> JsonObject:
        self._waits.release()
        self._may_go.acquire()
        fault = self._fault
        if fault == "before":
            raise AwsError("TimedOut")
        answer = self._inner.call(action, request)
        if fault == "after":
            raise AwsError("TimedOut")
        return answer

    def _run(self) -> None:
        try:
            self._work(self)
        except BaseException as failed:
            self.failed = failed
        finally:
            self.is_over = True
            self._waits.release()


def interleave(
    inner: Aws,
    works: Sequence[Work],
    *,
    order: Sequence[int],
    faults: Sequence[str | None],
    after_each: Callable[[], None],
) -> None:
    """Run all works to their ends; `order` and `faults`, over and over, say whose call is next and how it goes."""
    turns = [Turn(inner, work) for work in works]
    for turn in turns:
        turn.start()
    order_, faults_ = _endless(order), _endless(faults)
    failed: list[BaseException] = []
    while running := [turn for turn in turns if not turn.is_over]:
        running[next(order_) % len(running)].go(next(faults_))
        try:
            after_each()
        except AssertionError as broken:
            failed.append(broken)
    failed += [turn.failed for turn in turns if turn.failed is not None]
    if failed:
        raise failed[0]


def _endless(values: Sequence[T]) -> Iterator[T]:
    while True:
        yield from values
