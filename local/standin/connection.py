"""One client's connection: reads requests, plays the scripts of their replies."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator

from local.standin.http_message import BadFraming, Request, RequestReader, answer
from local.standin.script import Action, End, Script, Wait

_WRITES_AT_A_TIME = 64
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """Plays one script after the other, as the requests came; other connections go on in its waits."""

    def __init__(self, app: Callable[[Request], Script], connections: "set[Connection]") -> None:
        self._app = app
        self._connections = connections
        self._reader = RequestReader()
        self._script: Iterator[Action] | None = None
        self._keeps_alive = True
        self._waiting: asyncio.TimerHandle | asyncio.Handle | None = None
        self._is_full = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- leaving is routine, however it happens
        """The client left, or we did: the script ends where it is."""
        self._transport = None
        self._script = None
        if self._waiting is not None:
            self._waiting.cancel()
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """More bytes came; they wait while a script plays."""
        self._reader.feed(data)
        if self._script is None:
            self._go_on()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._is_full = True

    def resume_writing(self) -> None:
        """The client caught up."""
        self._is_full = False
        if self._script is not None and self._waiting is None:
            self._go_on()

    def abort(self) -> None:
        """Leave without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _go_on(self) -> None:
        self._waiting = None
        while self._transport is not None:
            if self._script is None and not self._next_script(self._transport):
                return
            if not self._play(self._transport):
                return
            self._script = None
            if not self._keeps_alive:
                self._transport.close()
                return

    def _next_script(self, transport: asyncio.Transport) -> bool:
        try:
            request = self._reader.next_request()
        except BadFraming as error:
            transport.write(answer(400, str(error).encode(), content_type="text/plain"))
            transport.close()
            return False
        if request is None:
            if self._reader.waits_for_continue:
                transport.write(_CONTINUE)
            return False
        self._keeps_alive = request.keeps_alive
        self._script = iter(self._app(request))
        return True

    def _play(self, transport: asyncio.Transport) -> bool:
        """Whether the script came to its end; else it goes on after a wait, or the connection is over."""
        assert self._script is not None
        loop = asyncio.get_running_loop()
        writes = 0
        for action in self._script:
            if transport.is_closing():
                return False
            if isinstance(action, bytes):
                transport.write(action)
                writes += 1
                if self._is_full:
                    return False
                if writes == _WRITES_AT_A_TIME:
                    self._waiting = loop.call_soon(self._go_on)
                    return False
            elif isinstance(action, Wait):
                self._waiting = loop.call_later(action.seconds, self._go_on)
                return False
            else:
                self._leave(transport, action)
                return False
        return True

    def _leave(self, transport: asyncio.Transport, end: End) -> None:
        if end is End.CLOSE:
            transport.close()
            return
        connected: socket.socket | None = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()
