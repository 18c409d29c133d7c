"""One raw HTTP client for all that is compared: a kept-alive socket, nothing parsed that need not be."""

import socket
import time
from typing import NamedTuple, Self


class Asked(NamedTuple):
    """One answered request; times in milliseconds from its first byte sent. `first_byte_ms` is that of the body."""

    status: int
    first_byte_ms: float
    whole_ms: float
    body: bytes


class RawClient:
    """A connection to one server of this machine."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}Content-Type: application/json\r\n"
        )
        self._port = port
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, body: bytes) -> Asked:
        """Post `body`, and read the answer whole; a connection that the server gave up is made again."""
        sent = f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        connected = self._socket or self._connect()
        start = time.perf_counter_ns()
        connected.sendall(sent)
        data = bytearray()
        first = 0
        while True:
            block = connected.recv(1 << 18)
            if not block:
                self.close()
                if not data:
                    return self.ask(body)
                raise ConnectionError("the answer was cut short")
            data += block
            end = data.find(b"\r\n\r\n")
            if end < 0:
                continue
            if not first and len(data) > end + 4:
                first = time.perf_counter_ns()
            head = bytes(data[:end]).lower()
            if _is_whole(data, end, head):
                whole = time.perf_counter_ns()
                if b"connection: close" in head:
                    self.close()
                status = int(data[9:12])
                return Asked(status, (first - start) / 1e6, (whole - start) / 1e6, bytes(data[end + 4 :]))

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        self._socket = socket.create_connection(("127.0.0.1", self._port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket


def _is_whole(data: bytearray, end: int, head: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return data.endswith(b"0\r\n\r\n")
    return len(data) >= end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
