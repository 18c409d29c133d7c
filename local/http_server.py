"""A small HTTP/1.1 server: keep-alive, chunked answers, and word of clients that leave before their answer is over."""

import selectors
import socket
import sys
import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from local.proxy_event import Request

# Read and thrown away, so that the client is still listening when its 413 comes.
MAX_READ_BYTES = 64 * 1024 * 1024
KEEP_ALIVE_SECONDS = 75


class Reply(Protocol):
    """Where an answer goes. Call `start` once, then `write` as often as there is something, then `end`."""

    def start(self, status: int, headers: Iterable[tuple[str, str]], length: int | None = None) -> None:
        """Send status and headers; `length` is the body's, None if nobody knows it yet."""
        ...

    def write(self, chunk: bytes) -> None:
        """Send a part of the body at once.

        Raises:
            OSError: the client has gone.
        """
        ...

    def end(self) -> None:
        """Close the body."""
        ...

    def cut(self) -> None:
        """Break the body off, so that the client can tell that something is missing."""
        ...

    def on_disconnect(self, act: Callable[[], None]) -> None:
        """Call `act`, on another thread, if the client leaves before `end`."""
        ...


Handle = Callable[[Request, Reply], None]


class PortTakenError(Exception):
    """Somebody else listens on the port."""


class HttpServer:
    """Holds `port` of 127.0.0.1 (0: a free one), and serves on it once started, each connection on its own thread.

    Raises:
        PortTakenError: the port is not to be had.
    """

    def __init__(self, port: int) -> None:
        try:
            self._server = _Server(("127.0.0.1", port), _Connection)
        except OSError as taken:
            raise PortTakenError(f"Port {port} is not free: {taken.strerror}") from taken
        self._server.watch = DisconnectWatch()
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def start(self, handle: Handle) -> None:
        """Answer requests with `handle` from now on; those that came since the port was taken have waited."""
        self._server.handle_request_of_client = handle
        self._thread.start()

    def close(self) -> None:
        """Accept no more connections, and cut those that are open."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut_connections()
        self._server.watch.close()


class DisconnectWatch:
    """Watches connections on which nothing should come in; the end of one is told to whoever asked."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, connection: socket.socket, act: Callable[[], None]) -> None:
        """Call `act` once `connection` is closed by its other side."""
        with self._lock, suppress(KeyError, ValueError, OSError):
            self._selector.register(connection, selectors.EVENT_READ, act)
        self._wake()

    def remove(self, connection: socket.socket) -> None:
        """Watch `connection` no more."""
        with self._lock, suppress(KeyError, ValueError, OSError):
            self._selector.unregister(connection)

    def close(self) -> None:
        """Watch nothing any more."""
        self._wake_writer.close()
        self._thread.join()
        self._selector.close()
        self._wake_reader.close()

    def _wake(self) -> None:
        with suppress(OSError):
            self._wake_writer.send(b"!")

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake_reader:
                    if not self._wake_reader.recv(64):
                        return
                    continue
                connection, act = key.fileobj, key.data
                assert isinstance(connection, socket.socket)
                self.remove(connection)
                if _is_gone(connection):
                    with suppress(OSError):
                        act()


def _is_gone(connection: socket.socket) -> bool:
    """Whether the other side closed; bytes of a next, pipelined request do not count."""
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128
    handle_request_of_client: Handle
    watch: DisconnectWatch

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave are routine; anything else is a defect worth a trace."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "aggregator-local"
    disable_nagle_algorithm = True
    timeout = KEEP_ALIVE_SECONDS
    server: _Server

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except ValueError:
            self.send_error(400)
            return
        self._is_chunked = self._watched = False
        request = Request(
            method=self.command,
            target=self.path,
            headers=tuple(self.headers.items()),
            body=body,
            source_ip=self.client_address[0],
            request_id=str(uuid.uuid4()),
        )
        self.connection.settimeout(None)
        try:
            self.server.handle_request_of_client(request, self)
        finally:
            self._unwatch()
            with suppress(OSError):
                self.connection.settimeout(self.timeout)

    # The base class looks for these.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def start(self, status: int, headers: Iterable[tuple[str, str]], length: int | None = None) -> None:
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, value in headers:
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        elif self.request_version == "HTTP/1.1":
            self._is_chunked = True
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()

    def write(self, chunk: bytes) -> None:
        if chunk and self.command != "HEAD":
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._is_chunked else chunk)

    def end(self) -> None:
        self._unwatch()
        if self._is_chunked and self.command != "HEAD":
            self.wfile.write(b"0\r\n\r\n")

    def on_disconnect(self, act: Callable[[], None]) -> None:
        self._watched = True
        self.server.watch.add(self.connection, act)

    def cut(self) -> None:
        self._unwatch()
        self.close_connection = True

    def _unwatch(self) -> None:
        if self._watched:
            self._watched = False
            self.server.watch.remove(self.connection)

    def _read_body(self) -> bytes:
        """Read the body whole; what goes beyond `MAX_READ_BYTES` is not read, and the connection ends after the answer.

        Raises:
            ValueError: its framing is broken.
        """
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._read_chunks())
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_READ_BYTES:
            self.close_connection = True
        return self.rfile.read(min(length, MAX_READ_BYTES))

    def _read_chunks(self) -> Iterable[bytes]:
        total = 0
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            total += size
            if total > MAX_READ_BYTES:
                self.close_connection = True
                return
            yield self.rfile.read(size)
            self.rfile.readline(64)
        while self.rfile.readline(8192).strip():
            pass

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the base class names it)
        pass
