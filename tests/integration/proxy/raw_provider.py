"""A provider at the socket: it says exactly the bytes a test gives it, and counts its connections."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

Step = bytes | float | threading.Event
Answer = Sequence[Step] | bytes | None


class RawProvider:
    """Serves connections one after another, each by its own list of answers.

    An answer is given once a whole request has arrived: bytes, or steps of bytes, seconds to wait and events to wait
    for; `None` hangs up instead. A connection is closed after its last answer.
    """

    def __init__(self, *connections: Sequence[Answer]) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._scripts = connections
        self._serving: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(60)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/chat/completions"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        if self._serving is not None:
            with suppress(OSError):  # a client that keeps its connection is not waited for
                self._serving.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self._listener.close()

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._serving = connection
            with connection:
                self._answer(connection, script)

    def _answer(self, connection: socket.socket, script: Sequence[Answer]) -> None:
        for said in script:
            request = _read_request(connection)
            if not request:
                return
            self.requests.append(request)
            if said is None:
                return
            try:
                for step in [said] if isinstance(said, bytes) else said:
                    _do(step, connection)
            except OSError:
                return


def _do(step: Step, connection: socket.socket) -> None:
    match step:
        case bytes():
            connection.sendall(step)
        case threading.Event():
            step.wait(60)
        case _:
            time.sleep(step)


def _read_request(connection: socket.socket) -> bytes:
    connection.settimeout(60)
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            block = connection.recv(65536)
        except OSError:
            return b""
        if not block:
            return b""
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        block = connection.recv(65536)
        if not block:
            return b""
        body += block
    return head + b"\r\n\r\n" + body


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer with a Content-Length, right or not."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*blocks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """An answer in chunks; without `end`, one that breaks off."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(block), block) for block in blocks) + end
