"""A proxy between a program and one AWS service that does to its calls what networks and services do."""

import http.client
import socket
import struct
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_WAIT_SECONDS = 60.0


class Fault(Enum):
    """What happens to a call. Only `LOST` and `FAILED_AFTER` carry it out."""

    RESET = "the connection is reset before the call goes on"
    LOST = "the call is carried out; its answer never comes, and the connection stays open"
    THROTTLED = "the service refuses: too much at this moment"
    FAILED = "the service answers 500 and did nothing"
    FAILED_AFTER = "the service answers 500 although it did what it was told"


class Side(Enum):
    """Where a call is held: before it goes on, or between being carried out and being answered."""

    BEFORE = "before"
    AFTER = "after"


class _Refusal(NamedTuple):
    throttled: str
    failed: str


# Error codes as the services name them, by the target that a call names.
_REFUSALS = {
    "DynamoDB_20120810": _Refusal("ThrottlingException", "InternalServerError"),
    "AWSEvents": _Refusal("ThrottlingException", "InternalException"),
    "AmazonSQS": _Refusal("RequestThrottled", "InternalFailure"),
    "secretsmanager": _Refusal("ThrottlingException", "InternalServiceError"),
}


@dataclass
class Gate:
    """A call that is held; whoever waits on it learns when it has come there."""

    side: Side
    _reached: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)

    def wait_until_reached(self) -> None:
        """Return once the call is held here."""
        assert self._reached.wait(_WAIT_SECONDS), f"no call came to be held {self.side.value}"

    def drop(self) -> None:
        """Forget the call: it goes no further, and nobody is answered."""
        self._over.set()

    def hold(self) -> None:
        """Proxy's side: wait here until the call is dropped."""
        self._reached.set()
        self._over.wait(_WAIT_SECONDS)


class FaultProxy:
    """Passes calls on to `endpoint`, but for those that it was told of. Use it as a context.

    `calls` are the actions that came, `carried_out` those that the service was asked for. With `only`, calls whose
    body does not hold that text are passed on, and neither counted nor held.
    """

    def __init__(self, endpoint: str, *, only: str = "") -> None:
        self._only = only.encode()
        parts = urlsplit(endpoint)
        self.place = (parts.hostname or "", parts.port or 80)
        self.calls: list[str] = []
        self.carried_out: list[str] = []
        self._lock = threading.Lock()
        self._plans: dict[str, tuple[Fault, int | None]] = {}
        self._gates: dict[str, Gate] = {}
        self._connections: set[socket.socket] = set()
        self._refusing = False
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def on(self, action: str, fault: Fault, *, times: int | None = None) -> None:
        """Do `fault` to the next `times` calls of `action` ("UpdateItem"), or to all of them."""
        with self._lock:
            self._plans[action] = (fault, times)

    def hold(self, action: str, side: Side) -> Gate:
        """Hold the next call of `action`."""
        gate = Gate(side)
        with self._lock:
            self._gates[action] = gate
        return gate

    def refuse(self) -> None:
        """Close all connections, and refuse new ones: nobody listens any more."""
        if not self._refusing:
            self._refusing = True
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._cut_all()

    def heal(self) -> None:
        """Do no more faults."""
        with self._lock:
            self._plans.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for gate in self._gates.values():
            gate.drop()
        self.refuse()

    def fault_for(self, action: str, body: bytes) -> Fault | None:
        """Handler's side: what is to be done to this call."""
        if self._only not in body:
            return None
        with self._lock:
            self.calls.append(action)
            fault, times = self._plans.get(action, (None, 0))
            if fault is None or times == 0:
                return None
            self._plans[action] = (fault, None if times is None else times - 1)
            return fault

    def gate_for(self, action: str, side: Side, body: bytes) -> Gate | None:
        """Handler's side: where this call is to be held, if it is."""
        if self._only not in body:
            return None
        with self._lock:
            gate = self._gates.get(action)
            return self._gates.pop(action) if gate is not None and gate.side is side else None

    def opened(self, connection: socket.socket) -> None:
        """Handler's side: a connection was made."""
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Handler's side: it is gone."""
        with self._lock:
            self._connections.discard(connection)

    def _cut_all(self) -> None:
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _CutError(OSError):
    """The handler is done with its connection."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: FaultProxy

    def shutdown_request(self, request: Any) -> None:
        """Close without the usual farewell, so that a reset is a reset."""
        self.proxy.closed(request)
        self.close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what this is for; anything else is a defect, and is shown."""
        if not isinstance(sys.exception(), OSError | http.client.HTTPException):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.proxy.opened(self.connection)

    def do_POST(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target, _, action = self.headers.get("X-Amz-Target", "").partition(".")
        fault = proxy.fault_for(action, body)
        self._hold(action, Side.BEFORE, body)
        match fault:
            case Fault.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                raise _CutError
            case Fault.THROTTLED:
                self._refuse(400, _REFUSALS[target].throttled)
            case Fault.FAILED:
                self._refuse(500, _REFUSALS[target].failed)
            case Fault.FAILED_AFTER:
                self._forward(action, body)
                self._refuse(500, _REFUSALS[target].failed)
            case Fault.LOST:
                self._forward(action, body)
                self.rfile.read(1)  # returns when the caller gives up
                raise _CutError
            case None:
                answer, said = self._forward(action, body)
                self._hold(action, Side.AFTER, body)
                self._answer(answer.status, answer.getheaders(), said)

    def _hold(self, action: str, side: Side, body: bytes) -> None:
        gate = self.server.proxy.gate_for(action, side, body)
        if gate is not None:
            gate.hold()
            raise _CutError

    def _forward(self, action: str, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        upstream = http.client.HTTPConnection(*self.server.proxy.place, timeout=_WAIT_SECONDS)
        try:
            upstream.request("POST", self.path, body, dict(self.headers.items()) | {"Connection": "close"})
            answer = upstream.getresponse()
            said = answer.read()
        finally:
            upstream.close()
        self.server.proxy.carried_out.append(action)
        return answer, said

    def _refuse(self, status: int, code: str) -> None:
        said = f'{{"__type":"{code}","message":"injected"}}'.encode()
        self._answer(status, [("Content-Type", self.headers.get("Content-Type", ""))], said)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass
