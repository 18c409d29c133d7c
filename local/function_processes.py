"""Processes of one function, as Lambda keeps them: one event at a time each, more of them under load.

A warm process is used again; one that crashed or ran out of time is replaced.
"""

import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

from local.runtime_api import FunctionFailedError, Invocation
from local.sandbox import Function, Sandbox, State

DELIMITER = bytes(8)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of the function: status and headers at once, `chunks` of its body while they come.

    Close it when the client leaves. `chunks` raises `FunctionFailedError` where the function broke off.
    """

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    chunks: Iterator[bytes]
    invocation: Invocation

    def close(self) -> None:
        """Read no further: the client has gone."""
        self.invocation.close()


class FunctionProcesses:
    """Up to `max_processes` of `function`; `wait_seconds` is how long a call waits for one of them to be free.

    `hand_over_seconds` is how long one that has just answered is waited for, before another is started.
    """

    def __init__(
        self,
        function: Function,
        *,
        max_processes: int = 8,
        wait_seconds: float = 30,
        hand_over_seconds: float = 0.05,
    ) -> None:
        self._function = function
        self._max_processes = max_processes
        self._wait_seconds = wait_seconds
        self._hand_over_seconds = hand_over_seconds
        self._changed = threading.Condition(threading.RLock())
        self._sandboxes: list[Sandbox] = []
        self._closed = False

    def invoke(self, event: Any) -> Answer:
        """Send an API Gateway event; return once status and headers are there.

        Raises:
            FunctionFailedError: the function failed before that, or answered what is no HTTP answer, or all
                processes stayed busy.
        """
        invocation = self._start(event)
        return _streamed(invocation) if invocation.streams() else _proxied(invocation)

    def call(self, event: Any) -> Any:
        """Send any event; return the JSON that the function answers.

        Raises:
            FunctionFailedError: as `invoke`.
        """
        invocation = self._start(event)
        invocation.streams()
        return _json(b"".join(invocation))

    def pids(self) -> list[int]:
        """Processes that are alive."""
        with self._changed:
            return [sandbox.pid for sandbox in self._sandboxes]

    def close(self) -> None:
        """End all processes and wait until they are gone; whoever waits for an answer is told so."""
        with self._changed:
            self._closed = True
            sandboxes = list(self._sandboxes)
            self._changed.notify_all()
        for sandbox in sandboxes:
            sandbox.kill(_stopped())
        for sandbox in sandboxes:
            sandbox.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, event: Any) -> Invocation:
        return self._free_sandbox().invoke(json.dumps(event).encode())

    def _free_sandbox(self) -> Sandbox:
        """Take an idle process; else wait a moment for one that just answered; else start one; else wait."""
        now = time.monotonic()
        patience, hand_over = now + self._wait_seconds, now + self._hand_over_seconds
        with self._changed:
            while not self._closed:
                states = [sandbox.state for sandbox in self._sandboxes]
                if State.IDLE in states:
                    sandbox = self._sandboxes[states.index(State.IDLE)]
                    sandbox.state = State.BUSY
                    return sandbox
                now = time.monotonic()
                room = len(states) < self._max_processes
                if room and (State.ANSWERED not in states or now >= hand_over):
                    self._sandboxes.append(Sandbox(self._function, self._on_change))
                    return self._sandboxes[-1]
                if now >= patience:
                    raise FunctionFailedError("TooManyRequestsException", "Rate Exceeded.")
                self._changed.wait((hand_over if room else patience) - now)
        raise _stopped()

    def _on_change(self, sandbox: Sandbox) -> None:
        with self._changed:
            if sandbox.state is State.ENDED and sandbox in self._sandboxes:
                self._sandboxes.remove(sandbox)
            self._changed.notify_all()


def _streamed(invocation: Invocation) -> Answer:
    """Read up to the delimiter; the body is what comes after it."""
    head = b""
    for chunk in invocation:
        head += chunk
        if DELIMITER in head:
            break
    prelude, delimiter, body = head.partition(DELIMITER)
    if not delimiter:
        raise FunctionFailedError("Runtime.MalformedResponse", "The stream ended before its delimiter")
    return _answer(_json(prelude), chain([body] if body else [], invocation), invocation)


def _proxied(invocation: Invocation) -> Answer:
    answer = _json(b"".join(invocation))
    try:
        body: bytes = b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"].encode()
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise FunctionFailedError("Runtime.MalformedResponse", "The answer is no proxy answer") from wrong
    return _answer(answer, iter([body] if body else []), invocation)


def _answer(head: Any, chunks: Iterator[bytes], invocation: Invocation) -> Answer:
    try:
        cookies = head.get("cookies") or head.get("multiValueHeaders", {}).get("Set-Cookie", [])
        headers = {str(name): str(value) for name, value in head.get("headers", {}).items()}
        return Answer(int(head["statusCode"]), headers, tuple(cookies), chunks, invocation)
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise FunctionFailedError("Runtime.MalformedResponse", "The answer has no status") from wrong


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as wrong:
        raise FunctionFailedError("Runtime.MalformedResponse", "The answer is no JSON") from wrong


def _stopped() -> FunctionFailedError:
    return FunctionFailedError("Sandbox.Stopped", "The function is being shut down")
