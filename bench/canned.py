"""AWS as a bench needs it: right answers at once, and a count of what was asked. `python -m bench.canned FOLDER`.

One process for all services, told apart by `x-amz-target`. It keeps nothing: every condition holds, every account has
money. What it answers lies in FOLDER/answers.json: by action, a list of answers, each with a text that the request must
hold. A call without that header is one to a provider, and gets the answer of the action `chat`: the stand-in provider
speaks no TLS. Signatures are not looked at. `GET /counts` tells calls and bytes by action, `DELETE /counts` forgets.
"""

import argparse
import asyncio
import json
import re
import socket
import ssl
import zlib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, Protocol

JsonObject = dict[str, Any]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *\w+\.(\w+)\r\n", re.IGNORECASE)
_EVENT_ID = "6a7e8feb-b491-4cf7-a9f1-bf3703550001"


class Answers:
    """Answers by action, as whole HTTP messages, and the count of what was asked."""

    def __init__(self, told: JsonObject) -> None:
        self._prepared = {
            action: [(each["if"].encode(), message(each["then"])) for each in choices]
            for action, choices in told.items()
        }
        self.counts: Counter[str] = Counter()

    def of(self, action: str, body: bytes, request_bytes: int) -> bytes:
        """The answer to one call."""
        answer = self._put_events(body) if action == "PutEvents" else self._prepared_for(action, body)
        self.counts[f"{action}.calls"] += 1
        self.counts[f"{action}.body_bytes"] += len(body)
        self.counts[f"{action}.request_bytes"] += request_bytes
        self.counts[f"{action}.answer_bytes"] += len(answer)
        return answer

    def _prepared_for(self, action: str, body: bytes) -> bytes:
        for wanted, prepared in self._prepared.get(action, ()):
            if wanted in body:
                return prepared
        return message({"__type": "ValidationException", "message": f"no answer for {action}"}, status=400)

    @staticmethod
    def _put_events(body: bytes) -> bytes:
        return _events_put(body.count(b'"EventBusName"'))


class Answering(Protocol):
    """Who has the answers."""

    counts: Counter[str]

    def of(self, action: str, body: bytes, request_bytes: int, /) -> bytes:
        """The answer to one call."""
        ...


class Caller:
    """One kept-alive connection: takes bytes in, gives whole answers out."""

    def __init__(self, answers: Answering) -> None:
        self._answers = answers
        self._data = b""

    def take(self, data: bytes) -> bytes:
        """Answers to the requests that are whole now."""
        self._data += data
        answered = b""
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._data, 0, end + 2)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._data) < whole:
                break
            request, self._data = self._data[:whole], self._data[whole:]
            answered += self._answer(request, end)
        return answered

    def _answer(self, request: bytes, end: int) -> bytes:
        if b"/counts " in request[:20]:
            told = dict(self._answers.counts)
            if request.startswith(b"DELETE"):
                self._answers.counts.clear()
            return message(told)
        target = _TARGET.search(request, 0, end + 2)
        action = target[1].decode() if target else "chat"
        return self._answers.of(action, request[end + 4 :], len(request))


class SecureConnection(asyncio.Protocol):
    """A caller over TLS."""

    def __init__(self, answers: Answers) -> None:
        self._caller = Caller(answers)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer."""
        if answered := self._caller.take(data):
            self._transport.write(answered)


class PlainConnections:
    """Callers in plain text, on their bare sockets: a third of the time that asyncio's own protocols take."""

    def __init__(self, answers: Answering, port: int) -> None:
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(connection, self._read, connection, Caller(self._answers))

    def _read(self, connection: socket.socket, caller: Caller) -> None:
        try:
            data = connection.recv(1 << 18)
            if data:
                connection.sendall(caller.take(data))
                return
        except OSError:  # the caller was killed
            pass
        self._loop.remove_reader(connection)
        connection.close()


def message(said: JsonObject | str, status: int = 200) -> bytes:
    """An HTTP answer of AWS; `said` may be JSON already."""
    body = (said if isinstance(said, str) else json.dumps(said, separators=(",", ":"))).encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Bad Request'}\r\n"
        "Server: Server\r\nDate: Mon, 23 Nov 2026 06:19:00 GMT\r\n"
        "Content-Type: application/x-amz-json-1.0\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n"
        "x-amzn-RequestId: 7K8M1TQ2V3B4N5P6R7S8T9UVWXYZ0A1B2C3D4E5F6G7H8J9K0LMN\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


@cache
def _events_put(count: int) -> bytes:
    return message({"FailedEntryCount": 0, "Entries": [{"EventId": _EVENT_ID}] * count})


async def _serve(folder: Path, ports: list[int]) -> None:
    answers = Answers(json.loads((folder / "answers.json").read_text(encoding="utf-8")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem")
    PlainConnections(answers, ports[0])
    loop = asyncio.get_running_loop()
    secure = await loop.create_server(lambda: SecureConnection(answers), "127.0.0.1", ports[1], ssl=context)
    await secure.serve_forever()


def main() -> None:
    """Serve until killed, on one port in plain text and on another over TLS."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ports", type=int, nargs=2, required=True)
    asked = parser.parse_args()
    asyncio.run(_serve(asked.folder, asked.ports))


if __name__ == "__main__":
    main()
