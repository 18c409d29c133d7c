"""A relay between one client and the API: passes every byte on as it is, and notes which requests were made.

So it is counted how often a client tries, and known which requests were its own, without a change to client or API.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from conformance.http_heads import Head, HeadReader

_BLOCK = 64 * 1024


@dataclass
class Exchange:
    """A request, and what is known of its answer so far. `whole` if the answer came to its end."""

    method: str
    path: str
    user_agent: str
    idempotency_key: str | None
    at: float
    status: int | None = None
    request_id: str | None = None
    whole: bool = False

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


class Relay:
    """Listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def exchanges(self) -> list[Exchange]:
        """All so far, in the order in which they were asked."""
        with self._lock:
            return list(self._exchanges)

    def close(self) -> None:
        """Stop; connections that are open break off."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        mine = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            api, to_api = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            to_client.close()
            return
        talk = _Talk(self._note)
        asked = HeadReader(talk.asked, lambda: None)
        answered = HeadReader(talk.answered, talk.ended)
        pumps = [
            asyncio.create_task(_pump(client, to_api, asked.feed)),
            asyncio.create_task(_pump(api, to_client, answered.feed)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            to_client.close()
            to_api.close()

    def _note(self, exchange: Exchange) -> None:
        with self._lock:
            self._exchanges.append(exchange)


class _Talk:
    """One connection: answers come in the order of their requests."""

    def __init__(self, note: Callable[[Exchange], None]) -> None:
        self._note = note
        self._waiting: list[Exchange] = []

    def asked(self, head: Head) -> None:
        method, path, _ = head.start.split(" ", 2)
        exchange = Exchange(
            method=method,
            path=path,
            user_agent=head.headers.get("user-agent", ""),
            idempotency_key=head.headers.get("idempotency-key"),
            at=time.time(),
        )
        self._waiting.append(exchange)
        self._note(exchange)

    def answered(self, head: Head) -> None:
        exchange = self._waiting[0]
        exchange.status = int(head.start.split()[1])
        exchange.request_id = head.headers.get("x-request-id")

    def ended(self) -> None:
        self._waiting.pop(0).whole = True


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, read_along: Callable[[bytes], None]
) -> None:
    """Pass on until either side ends. Nobody here half-closes a connection, so an end is the end of both."""
    try:
        while block := await source.read(_BLOCK):
            read_along(block)
            sink.write(block)
            await sink.drain()
    except OSError:
        return
