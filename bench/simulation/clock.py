"""Simulated time: a process is a generator that yields how many seconds it waits next."""

import heapq
from collections.abc import Generator
from itertools import count

Process = Generator[float, None, None]


class Loop:
    """Runs processes in the order in which they are due; ties in the order in which they were started."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._due: list[tuple[float, int, Process]] = []

    def start(self, process: Process, after: float = 0.0) -> None:
        """Begin a process `after` so many seconds."""
        heapq.heappush(self._due, (self.now + after, next(self._order), process))

    def run(self, until: float) -> None:
        """Let time pass, up to `until` seconds after the beginning."""
        while self._due and self._due[0][0] <= until:
            self.now, _, process = heapq.heappop(self._due)
            try:
                wait = next(process)
            except StopIteration:
                continue
            self.start(process, wait)
        self.now = max(self.now, until)
