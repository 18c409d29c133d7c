"""A server that does, on cue, all that goes wrong between here and AWS, and a client of it."""

import socket
import struct
import threading
import time
from collections.abc import Callable

import pytest

from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.signed_client import REPEATABLE, SignedClient, Timeouts
from aggregator.runtime.sigv4 import Credentials

Reply = Callable[[socket.socket, threading.Event], bool]
"""Answers one request on a socket; says whether the connection stays open. The event is set when the test is over."""

PATIENT = Timeouts(connect=8, attempt=8, total=8)
IMPATIENT = Timeouts(connect=8, attempt=0.5, total=8)  # for who is not answered
THROTTLED = b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}'
REFUSED = b'{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}'


def answers(
    status: int = 200, body: bytes = b'{"ok":true}', headers: str = "", *, keep: bool = True
) -> Reply:
    def reply(to: socket.socket, _: threading.Event) -> bool:
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        to.sendall(head.encode() + body)
        return keep

    return reply


def says(raw: bytes, *, keep: bool = False) -> Reply:
    def reply(to: socket.socket, _: threading.Event) -> bool:
        to.sendall(raw)
        return keep

    return reply


def hangs_up(_to: socket.socket, _over: threading.Event) -> bool:
    return False


def resets(to: socket.socket, _: threading.Event) -> bool:
    to.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hangs(_to: socket.socket, over: threading.Event) -> bool:
    over.wait(60)
    return False


def drips(to: socket.socket, over: threading.Event) -> bool:
    """Take a second for a good answer, each byte in time for a time-out that counts from the last one."""
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n")
    for byte in b'{"ok":          true}':
        if over.wait(0.05):
            break
        to.sendall(bytes([byte]))
    return True


def answers_and_turns_away(to: socket.socket, over: threading.Event) -> bool:
    """Answer, keep the connection open, and never look at it again."""
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    return hangs(to, over)


class FaultServer:
    """Plays `script`, one reply for each request, and keeps what it was sent."""

    def __init__(self, *script: Reply) -> None:
        self._script = iter(script)
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def stop(self) -> None:
        self._over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connected,)))
            self._threads[-1].start()

    def _serve(self, connected: socket.socket) -> None:
        with connected:
            try:
                while request := self._read(connected):
                    self.requests.append(request)
                    if not next(self._script)(connected, self._over):
                        return
            except OSError:
                return

    def _read(self, connected: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connected.recv(65_536)
            if not part:
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"\r\ncontent-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += connected.recv(65_536)
        return head + b"\r\n\r\n" + body


class Stage:
    """A server with a script, a client of it, and a clock that only waiting moves."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.chance = 1.0
        self.now = 1_760_000_000.0
        self._servers: list[FaultServer] = []
        self._clients: list[SignedClient] = []

    def server(self, *script: Reply) -> FaultServer:
        self._servers.append(FaultServer(*script))
        return self._servers[-1]

    def client(
        self,
        endpoint: str,
        *,
        timeouts: Timeouts = PATIENT,
        attempts: int = 3,
        repeatable_actions: frozenset[str] = REPEATABLE,
    ) -> SignedClient:
        client = SignedClient(
            "dynamodb",
            region="eu-west-1",
            endpoint=endpoint,
            credentials=lambda: Credentials("AKID", "secret", "token"),
            timeouts=timeouts,
            attempts=attempts,
            repeatable_actions=repeatable_actions,
            sleep=self.wait,
            rng=lambda: self.chance,
            clock=lambda: self.now,
            monotonic=lambda: self.now,
        )
        self._clients.append(client)
        return client

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def strike(self) -> None:
        for client in self._clients:
            client.close()
        for server in self._servers:
            server.stop()


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(6_000):
        if holds():
            return
        time.sleep(0.01)
    pytest.fail("waited a minute for nothing")


def update(client: SignedClient) -> JsonObject:
    return client.call("UpdateItem", {"TableName": "t"})


def read(client: SignedClient) -> JsonObject:
    return client.call("GetItem", {"TableName": "t"})


def refusal_of(do: Callable[[SignedClient], JsonObject], client: SignedClient) -> AwsError:
    with pytest.raises(AwsError) as caught:
        do(client)
    return caught.value
