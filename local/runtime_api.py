"""Lambda's Runtime API for one process of a function, so that the true runtime runs where there is no Lambda.

The process asks for its next event (`GET .../invocation/next`, a long poll) and posts its answer: whole, in chunks
(`Lambda-Runtime-Function-Response-Mode: streaming`, errors in the trailers), or as an error. An `Invocation` is
what passes between the HTTP thread that serves the process and the thread of whoever invoked the function.

Source: Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

import json
import re
import socket
import sys
import threading
import time
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from uuid import uuid4

RUNTIME = "/2018-06-01/runtime"
_TRACE = re.compile(rb"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")
_READ_AHEAD_CHUNKS = 64
_CUT = "The connection was closed within the answer"


class FunctionFailedError(Exception):
    """The function raised, ran out of time, or its process ended; `error_type` is the one Lambda reports."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message


class Invocation:
    """One event and its answer on the way back: bytes as they come, read by iterating once.

    Raises `FunctionFailedError` while iterating where the answer broke off, and from `streams` if there is none.
    """

    def __init__(self, event: bytes) -> None:
        self.event = event
        self.request_id = str(uuid4())
        self._changed = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._streams: bool | None = None
        self._ended = False
        self._reader_gone = False
        self._error: FunctionFailedError | None = None
        self._hang_up: Callable[[], None] = lambda: None

    def start(self, *, streams: bool, hang_up: Callable[[], None]) -> None:
        """Runtime's side: the answer begins; `hang_up` is called if its reader leaves before the end."""
        with self._changed:
            self._streams, self._hang_up = streams, hang_up
            self._changed.notify_all()
            gone = self._reader_gone
        if gone:
            hang_up()

    def put(self, chunk: bytes) -> None:
        """Runtime's side: pass on a chunk; waits while the reader is far behind, drops it if the reader left."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._reader_gone or self._ended or len(self._chunks) < _READ_AHEAD_CHUNKS
            )
            if not self._reader_gone and not self._ended:
                self._chunks.append(chunk)
                self._changed.notify_all()

    def end(self, error: FunctionFailedError | None = None) -> None:
        """Runtime's side: the answer is over; only the first call counts."""
        with self._changed:
            if not self._ended:
                self._ended, self._error = True, error
                self._changed.notify_all()

    def streams(self) -> bool:
        """Wait until the answer begins; return whether it comes in streaming mode."""
        with self._changed:
            self._changed.wait_for(lambda: self._streams is not None or self._ended)
            if self._streams is None:
                raise self._error or FunctionFailedError("Runtime.NoResponse", "The function did not answer")
            return self._streams

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._ended or self._reader_gone)
            if self._reader_gone:
                raise StopIteration
            if self._chunks:
                chunk = self._chunks.popleft()
                self._changed.notify_all()
                return chunk
            if self._error is not None:
                raise self._error
            raise StopIteration

    def close(self) -> None:
        """Reader's side, on any thread: read no further; whoever iterates is at the end."""
        with self._changed:
            if self._reader_gone or self._ended:
                return
            self._reader_gone = True
            self._chunks.clear()
            self._changed.notify_all()
        self._hang_up()


class RuntimeApi:
    """The Runtime API of one process, on a free port of 127.0.0.1.

    The callbacks run on a thread of the server's: `on_next` when the process asks for an event, `on_event` when it
    gets one, `on_answered` when its answer is in. With `disconnect_propagates`, a reader that leaves closes the
    connection which the process writes to; without it, the process writes to its end, as in Lambda ("streamed
    responses are not interrupted or stopped when the invoking client connection is broken").
    """

    def __init__(
        self,
        *,
        timeout_seconds: float,
        on_next: Callable[[], None],
        on_event: Callable[[], None],
        on_answered: Callable[[], None],
        disconnect_propagates: bool = True,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self.on_next = on_next
        self.on_event = on_event
        self.on_answered = on_answered
        self.disconnect_propagates = disconnect_propagates
        self.init_error: FunctionFailedError | None = None
        self.current: Invocation | None = None
        self._events: SimpleQueue[Invocation | None] = SimpleQueue()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def offer(self, invocation: Invocation) -> None:
        """Hand an event to the process when it asks for its next one."""
        self._events.put(invocation)

    def take(self) -> Invocation | None:
        """Wait for the next event; None once the API is closed."""
        self.current = self._events.get()
        return self.current

    def close(self) -> None:
        """Stop serving; a process that waits for an event is told by a closed connection."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    api: RuntimeApi

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that ends takes its connections along; anything else is a defect, and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        if self.path != f"{RUNTIME}/invocation/next":
            self._answer(404, {"errorType": "NotFound", "errorMessage": self.path})
            return
        api = self.server.api
        api.on_next()
        invocation = api.take()
        if invocation is None:
            self.close_connection = True
            return
        api.on_event()
        deadline_ms = int((time.time() + api.timeout_seconds) * 1000)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(invocation.event)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline_ms))
        self.send_header(
            "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:local"
        )
        if trace := _TRACE.search(invocation.event):
            segment = f"Parent={invocation.request_id.replace('-', '')[:16]};Sampled=1"
            self.send_header("Lambda-Runtime-Trace-Id", f"{trace[0].decode()};{segment}")
        self.end_headers()
        self.wfile.write(invocation.event)

    def do_POST(self) -> None:
        api = self.server.api
        if self.path == f"{RUNTIME}/init/error":
            api.init_error = _failure(b"".join(self._body()))
            self._answer(202, {"status": "OK"})
            return
        invocation = api.current
        path, _, kind = self.path.rpartition("/")
        if invocation is None or path != f"{RUNTIME}/invocation/{invocation.request_id}":
            self._answer(400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
            self.close_connection = True
        elif kind == "error":
            invocation.end(_failure(b"".join(self._body())))
            self._finish(api)
        else:
            self._relay(api, invocation)

    def _relay(self, api: RuntimeApi, invocation: Invocation) -> None:
        streams = self.headers.get("Lambda-Runtime-Function-Response-Mode") == "streaming"
        invocation.start(
            streams=streams, hang_up=self._hang_up if api.disconnect_propagates else lambda: None
        )
        try:
            for chunk in self._body():
                invocation.put(chunk)
        except (OSError, ValueError) as cut:
            invocation.end(FunctionFailedError("Runtime.TruncatedResponse", str(cut)))
            api.on_answered()
            self.close_connection = True
            return
        error_type = self.headers.get("Lambda-Runtime-Function-Error-Type")
        body = b64decode(self.headers.get("Lambda-Runtime-Function-Error-Body", ""))
        invocation.end(_failure(body) if error_type else None)
        self._finish(api)

    def _finish(self, api: RuntimeApi) -> None:
        api.on_answered()
        self._answer(202, {"status": "OK"})

    def _body(self) -> Iterator[bytes]:
        """Yield the body as it comes; trailers are added to the headers.

        Raises:
            ValueError: the connection ended before the body did.
        """
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self._read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self._line(), 16):
            yield self._read(size)
            self._line()
        while line := self._line().strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name] = value.strip()

    def _line(self) -> bytes:
        line = self.rfile.readline()
        if not line:
            raise ValueError(_CUT)
        return line

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise ValueError(_CUT)
        return data

    def _hang_up(self) -> None:
        with suppress(OSError):  # the process may have closed it already
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, body: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


def _failure(body: bytes) -> FunctionFailedError:
    """Read Lambda's error JSON; the process may have sent anything."""
    try:
        error = json.loads(body)
        return FunctionFailedError(str(error["errorType"]), str(error["errorMessage"]))
    except (ValueError, KeyError, TypeError):
        return FunctionFailedError("Runtime.Unknown", body.decode("utf-8", "replace"))
