"""Many threads doing one thing at once."""

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import TypeVar

Work = TypeVar("Work")


def crowd(threads: int, work: Iterable[Work], do: Callable[[int, Work], None]) -> None:
    """Share `work` out among threads that start together; the first error of any of them is raised here.

    `do` gets the number of its thread, so that each may have a connection of its own.
    """
    queue: SimpleQueue[Work] = SimpleQueue()
    for each in work:
        queue.put(each)
    errors: list[BaseException] = []
    barrier = threading.Barrier(threads)

    def run(number: int) -> None:
        barrier.wait()
        try:
            while not errors:
                do(number, queue.get_nowait())
        except Empty:
            return
        except BaseException as error:
            errors.append(error)

    running = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]
