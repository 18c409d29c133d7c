"""A Runtime API that hands out one event and keeps every byte of the streamed answer."""

import json
import socket
import threading
from contextlib import suppress
from typing import Any, BinaryIO, Self


class Recorder:
    """Serves one process; `answer()` waits for the POST that the process sends and returns it as it was sent."""

    def __init__(self, event: Any, request_id: str) -> None:
        self._event = json.dumps(event).encode()
        self._request_id = request_id
        self._handed_out = False
        self._answer = b""
        self._answered = threading.Event()
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def answer(self) -> bytes:
        assert self._answered.wait(timeout=60), "the process did not answer"
        return self._answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A process that is killed resets its connections.
        with suppress(OSError), connection, connection.makefile("rb") as stream:
            while head := _head(stream):
                if head.startswith(b"POST "):
                    self._answer = head + _chunked_body(stream)
                    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                    self._answered.set()
                elif self._handed_out:
                    return
                else:
                    self._handed_out = True
                    connection.sendall(self._next())

    def _next(self) -> bytes:
        head = (
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(self._event)}\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {self._request_id}\r\n"
            "Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:wire\r\n\r\n"
        )
        return head.encode() + self._event


def _head(stream: BinaryIO) -> bytes:
    head = b""
    while line := stream.readline():
        head += line
        if line == b"\r\n":
            return head
    return b""


def _chunked_body(stream: BinaryIO) -> bytes:
    body = b""
    while True:
        size_line = stream.readline()
        body += size_line
        size = int(size_line, 16)
        if size == 0:
            return body + _head(stream)
        body += stream.read(size + 2)
