"""The stand-in as a server: in a thread for tests, or in the foreground."""

import asyncio
import signal
import threading
from types import TracebackType
from typing import Any, Self

from local.standin.app import App
from local.standin.connection import Connection
from local.standin.judged import Judged
from local.standin.memory import Memory

_LOCALHOST = "127.0.0.1"
_SECONDS_TO_START = 10


class StandIn:
    """A stand-in provider on 127.0.0.1, in a thread of its own: `with StandIn() as standin: ...`.

    `url` is its address (`http://127.0.0.1:PORT`), `base_url` what an OpenAI client takes (`.../v1`).
    Port 0 takes a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.memory = Memory()
        self._loop = asyncio.new_event_loop()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://{_LOCALHOST}:{self.port}"

    @property
    def base_url(self) -> str:
        """The base URL for an OpenAI client."""
        return f"{self.url}/v1"

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests received, oldest first."""
        return self.memory.requests()

    def reset(self) -> None:
        """Forget the requests received and the tries counted."""
        self.memory.reset()

    def start(self) -> Self:
        """Listen and serve in a thread.

        Raises:
            OSError: the port is taken; nothing runs.
        """
        try:
            self._loop.run_until_complete(self._listen())
        except OSError:
            self._loop.close()
            raise
        self._thread = threading.Thread(target=self._loop.run_forever, name="standin", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Leave every client and free the port."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_SECONDS_TO_START)
            self._thread = None
            self._loop.run_until_complete(self._leave())
        self._loop.close()

    def serve(self) -> None:
        """Listen and serve in this thread until SIGINT or SIGTERM.

        Raises:
            OSError: the port is taken.
        """
        self._loop.run_until_complete(self._listen())
        print(f"stand-in provider listens on {self.base_url}", flush=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._loop.stop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._leave())
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _listen(self) -> None:
        app = App(self.memory, Judged.from_environment())
        self._server = await self._loop.create_server(
            lambda: Connection(app, self._connections), _LOCALHOST, self.port, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _leave(self) -> None:
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)  # lets a client that was just accepted become a connection
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)  # lets the sockets close
