"""Lambda's Runtime API for one process, as small as can be, with a stop-watch at both ends of an invocation.

local/runtime_api.py serves a platform; this one must cost so little that the function is what is measured. One thread,
blocking: the process asks for an event, gets it, posts its answer, and asks again.
Source: Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

import select
import socket
import time
import uuid
from collections.abc import Callable
from typing import NamedTuple

_DELIMITER = bytes(8)
_END = b"\r\n0\r\n\r\n"
_ACCEPTED = (
    b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"status":"OK"}'
)


class Taken(NamedTuple):
    """One answered invocation; times in milliseconds from the event handed over."""

    first_byte_ms: float
    whole_ms: float
    next_ms: float
    answer: bytes


class FunctionGoneError(Exception):
    """The process ended, or said that it failed."""


class RuntimeApi:
    """The side of Lambda. `wait_until_ready`, then `invoke` as often as wanted."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: dict[socket.socket, bytearray] = {}
        self._asking: socket.socket | None = None

    def wait_until_ready(self, is_alive: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until the process asks for an event.

        Raises:
            FunctionGoneError: it ended, or took too long.
        """
        deadline = time.monotonic() + seconds
        while self._asking is None:
            if self._readable(min(deadline, time.monotonic() + 0.2)):
                self._read(deadline)
            elif not is_alive() or time.monotonic() > deadline:
                raise FunctionGoneError("the process did not start; its log says why")

    def invoke(self, event: bytes, seconds: float = 120) -> Taken:
        """Hand over an event; come back when the process asks for the next one."""
        asking, self._asking = self._asking, None
        assert asking is not None, "the process is not waiting"
        message = _event_message(event, seconds)
        start = time.perf_counter_ns()
        asking.sendall(message)
        first = whole = 0
        answer = bytearray()
        deadline = time.monotonic() + seconds
        while self._asking is None:
            posting = self._read(deadline)
            if posting is None or whole:
                continue
            answer = self._connections[posting]
            now = time.perf_counter_ns()
            if not first and _has_body(answer):
                first = now
            if _is_whole(answer):
                whole = now
                self._connections[posting] = bytearray()
                posting.sendall(_ACCEPTED)
        asked = time.perf_counter_ns()
        if b"/error HTTP" in answer[:200]:
            raise FunctionGoneError(answer.decode("utf-8", "replace"))
        return Taken((first - start) / 1e6, (whole - start) / 1e6, (asked - start) / 1e6, bytes(answer))

    def close(self) -> None:
        """Hang up on the process."""
        for each in [self._listener, *self._connections]:
            each.close()

    def _read(self, deadline: float) -> socket.socket | None:
        """Take in what comes next; return the connection if it was a part of an answer."""
        ready = self._readable(deadline)
        if not ready:
            raise FunctionGoneError("no answer in time")
        for each in ready:
            if each is self._listener:
                connection, _ = each.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections[connection] = bytearray()
                continue
            data = each.recv(1 << 20)
            if not data:
                del self._connections[each]
                each.close()
                continue
            self._connections[each] += data
            if self._connections[each].startswith(b"GET "):
                if self._connections[each].endswith(b"\r\n\r\n"):
                    self._connections[each] = bytearray()
                    self._asking = each
            else:
                return each
        return None

    def _readable(self, deadline: float) -> list[socket.socket]:
        left = max(deadline - time.monotonic(), 0)
        return select.select([self._listener, *self._connections], [], [], left)[0]


def body_of(answer: bytes) -> bytes:
    """Body of an answer as the process posted it, its chunks put together."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b"chunked" not in head:
        return rest
    chunks, at = [], 0
    while length := int(rest[at : (line := rest.index(b"\r\n", at))], 16):
        chunks.append(rest[line + 2 : line + 2 + length])
        at = line + 4 + length
    return b"".join(chunks)


def _event_message(event: bytes, seconds: float) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(event)}\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {uuid.uuid4()}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {int((time.time() + seconds) * 1000)}\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:bench\r\n\r\n"
    )
    return head.encode() + event


def _has_body(answer: bytearray) -> bool:
    """Whether more has come than the prelude of a stream, or than the head of a plain answer."""
    at = answer.find(_DELIMITER)
    return (at >= 0 and len(answer) > at + len(_DELIMITER) + 2) or (at < 0 and _is_whole(answer))


def _is_whole(answer: bytearray) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = answer[:end].lower()
    if b"transfer-encoding: chunked" in head:
        return answer.endswith(_END) or b"Lambda-Runtime-Function-Error-Body:" in answer[-100_000:]
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    return len(answer) >= end + 4 + length
