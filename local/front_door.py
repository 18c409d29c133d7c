"""The front door: API Gateway's part that the emulator cannot play, and a way through to the part that it can.

Routes which the template declares as streaming are served here, as API Gateway serves them: authorizer with its
cache, limits, time-out, the template's own error answers; the function runs in real processes of our runtime. All
others go to the emulator's API Gateway unchanged.
"""

import http.client
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Protocol

from local.authorizing import Authorizing, GatewayRefusal
from local.function_processes import Answer
from local.gateway import Api, Route
from local.http_server import Reply
from local.proxy_event import Request, Stage, body_in_event, bytes_in, proxy_event
from local.request_log import KEPT_BYTES, Served
from local.runtime_api import FunctionFailedError

# Source: API Gateway quotas (payload size), Lambda quotas (invocation payload, synchronous).
MAX_PAYLOAD_BYTES = 10 * 1024 * 1024
MAX_EVENT_BYTES = 6 * 1024 * 1024

_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "content-length", "date", "server",
})  # fmt: skip
_OWN_HOSTS = ("127.0.0.1", "localhost")
_MAX_IDLE_SECONDS = 30.0


class Processes(Protocol):
    """Runs one function; see `FunctionProcesses`."""

    def invoke(self, event: object) -> Answer:
        """Send an API Gateway event; return once status and headers are there."""
        ...


@dataclass
class _Outcome:
    """What a request came to, as far as it got."""

    status: int = 0
    headers: Mapping[str, str] | None = None
    tail: bytes = b""
    note: str = ""


class FrontDoor:
    """Answers every request; `on_served` is told of each when it is over."""

    def __init__(
        self,
        *,
        api: Api,
        stage: Stage,
        emulator: "EmulatedApi",
        authorizing: Authorizing,
        processes: Mapping[str, Processes],
        on_served: Callable[[Served], None],
    ) -> None:
        self._api = api
        self._stage = stage
        self._emulator = emulator
        self._authorizing = authorizing
        self._processes = processes
        self._on_served = on_served

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request."""
        start = time.monotonic()
        outcome = _Outcome()
        try:
            self._answer(request, reply, outcome)
        except GatewayRefusal as refusal:
            self._refuse(refusal.kind, request, reply, outcome)
        except OSError:
            outcome.note = "client gone"
        finally:
            self._on_served(
                Served(
                    at=datetime.now().astimezone().strftime("%H:%M:%S"),
                    method=request.method,
                    path=request.path,
                    status=outcome.status,
                    milliseconds=(time.monotonic() - start) * 1000,
                    headers=outcome.headers or {},
                    tail=outcome.tail,
                    note=outcome.note,
                )
            )

    def _answer(self, request: Request, reply: Reply, outcome: _Outcome) -> None:
        if len(request.body) > MAX_PAYLOAD_BYTES:
            raise GatewayRefusal("REQUEST_TOO_LARGE")
        match self._api.match(request.method, request.path):
            case (Route(streams=True) as route, parameters):
                self._stream(request, route, parameters, reply, outcome)
            case _:
                self._pass_on(request, reply, outcome)

    def _stream(
        self, request: Request, route: Route, parameters: Mapping[str, str], reply: Reply, outcome: _Outcome
    ) -> None:
        event = proxy_event(request, route, parameters, self._stage)
        if route.authorizer is not None:
            event["requestContext"]["authorizer"] = self._authorizing.authorise(
                route.authorizer, event, self._stage.method_arn(request)
            )
        if bytes_in(event) > MAX_EVENT_BYTES:
            raise GatewayRefusal("REQUEST_TOO_LARGE")
        try:
            answer = self._processes[route.function].invoke(event)
        except FunctionFailedError as failed:
            outcome.note = str(failed)
            late = failed.error_type == "Sandbox.Timedout"
            raise GatewayRefusal("INTEGRATION_TIMEOUT" if late else "DEFAULT_5XX") from failed
        self._relay(answer, request, reply, outcome)

    def _relay(self, answer: Answer, request: Request, reply: Reply, outcome: _Outcome) -> None:
        reply.on_disconnect(answer.close)
        kept: deque[bytes] = deque(maxlen=16)
        outcome.status, outcome.headers = answer.status, answer.headers
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP]
        headers += [("Set-Cookie", cookie) for cookie in answer.cookies]
        headers += [("x-amzn-RequestId", request.request_id)]
        try:
            reply.start(answer.status, headers)
            for chunk in answer.chunks:
                reply.write(chunk)
                kept.append(chunk)
            reply.end()
        except FunctionFailedError as failed:
            outcome.note = str(failed)
            reply.cut()
        except OSError:
            outcome.note = "client gone"
            reply.cut()
        finally:
            answer.close()
            outcome.tail = b"".join(kept)[-KEPT_BYTES:]

    def _pass_on(self, request: Request, reply: Reply, outcome: _Outcome) -> None:
        if bytes_in(body_in_event(request)) > MAX_EVENT_BYTES:
            raise GatewayRefusal("REQUEST_TOO_LARGE")
        try:
            status, headers, body = self._emulator.send(request)
        except (OSError, http.client.HTTPException) as failed:
            outcome.note = f"the emulator did not answer: {failed!r}"
            raise GatewayRefusal("DEFAULT_5XX") from failed
        named = {name.lower() for name, _ in headers}
        if status >= 500 and "x-request-id" not in named:
            outcome.note = f"the emulator said {status} {body[:200]!r}"
            raise GatewayRefusal("DEFAULT_5XX")
        outcome.status, outcome.headers, outcome.tail = status, dict(headers), body[-KEPT_BYTES:]
        reply.start(status, [each for each in headers if each[0].lower() not in _HOP_BY_HOP], len(body))
        reply.write(body)
        reply.end()

    def _refuse(self, kind: str, request: Request, reply: Reply, outcome: _Outcome) -> None:
        refusal = self._api.answer(kind, request.request_id, origin=request.header("origin") or None)
        outcome.status, outcome.headers, outcome.tail = refusal.status, refusal.headers, refusal.body
        try:
            reply.start(refusal.status, refusal.headers.items(), len(refusal.body))
            reply.write(refusal.body)
            reply.end()
        except OSError:
            outcome.note = "client gone"


class EmulatedApi:
    """The emulator's API Gateway, over connections that are kept open. Safe to share between threads."""

    def __init__(self, port: int, stage: Stage, timeout_seconds: float = 60) -> None:
        self._port = port
        self._prefix = f"/_aws/execute-api/{stage.api_id}/{stage.name}"
        self._timeout_seconds = timeout_seconds
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = Lock()

    def send(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        """Pass a request on; return status, headers and body.

        Raises:
            OSError, http.client.HTTPException: the emulator did not answer.
        """
        connection = self._take()
        try:
            connection.putrequest(
                request.method, self._prefix + request.target, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self._headers_of(request):
                connection.putheader(name, value)
            connection.endheaders(request.body or None)
            answer = connection.getresponse()
            body = answer.read()
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append((time.monotonic(), connection))
        return answer.status, answer.getheaders(), body

    def close(self) -> None:
        """Let go of the connections that are kept open."""
        with self._lock:
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()

    def _headers_of(self, request: Request) -> list[tuple[str, str]]:
        """Headers as they came; the emulator takes the source address from `X-Forwarded-For`, so it is ours to say."""
        ours = {"host", "x-forwarded-for"}
        host = request.header("host")
        if host.partition(":")[0] not in _OWN_HOSTS:
            host = f"127.0.0.1:{self._port}"  # the emulator routes by names it knows
        return [
            ("Host", host),
            ("X-Forwarded-For", request.source_ip),
            ("X-Forwarded-Proto", "http"),
            *((name, value) for name, value in request.headers if name.lower() not in _HOP_BY_HOP | ours),
            *([("Content-Length", str(len(request.body)))] if request.body else []),
        ]

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                since, connection = self._idle.pop()
                if time.monotonic() - since < _MAX_IDLE_SECONDS:
                    return connection
                connection.close()
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_seconds)
