"""Requests put before a judge while the stand-in goes on: for tests, which name one in `STANDIN_JUDGE`.

A judge is a function of a request's path and body that says what is wrong with it. It works in a thread of its own, so
that no answer waits for it, and is not there unless it is named: whoever runs the stand-in needs nobody's SDK.
"""

import os
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from queue import Queue

Judge = Callable[[str, bytes], Sequence[str]]

VARIABLE = "STANDIN_JUDGE"
"""Where the judge is: `package.module:function`."""


class Judged:
    """What a judge found so far."""

    def __init__(self, judge: Judge | None) -> None:
        self._judge = judge
        self._waiting: Queue[tuple[str, bytes]] = Queue()
        self._found: list[str] = []
        if judge is not None:
            threading.Thread(target=self._work, args=(judge,), name="judge", daemon=True).start()

    @classmethod
    def from_environment(cls) -> "Judged":
        """With the judge that the environment names, or with none."""
        module, _, name = os.environ.get(VARIABLE, "").partition(":")
        return cls(getattr(import_module(module), name) if module else None)

    def put(self, path: str, body: bytes) -> None:
        """Put a request before the judge."""
        if self._judge is not None:
            self._waiting.put((path, body))

    def taken(self) -> list[str]:
        """What was found, once all is judged that was put so far; it is forgotten then."""
        self._waiting.join()
        found, self._found = self._found, []
        return found

    def _work(self, judge: Judge) -> None:
        while True:
            path, body = self._waiting.get()
            try:
                self._found += [f"{path} {each}" for each in judge(path, body)]
            except Exception as failed:  # a judge that fails must be heard of, and hear the next one
                self._found.append(f"{path} could not be judged: {failed!r}")
            finally:
                self._waiting.task_done()
