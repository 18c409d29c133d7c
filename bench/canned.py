"""AWS as a bench needs it: right answers at once, and a count of what was asked. `python -m bench.canned FOLDER`.

One process for all services, told apart by `x-amz-target`. It keeps nothing: every condition holds, every account has
money. What it answers lies in FOLDER/answers.json: by action, a list of answers, each with a text that the request must
hold. A call without that header is one to a provider, and gets the answer of the action `chat`: the stand-in provider
speaks no TLS. Signatures are not looked at. `GET /counts` tells calls and bytes by action, `DELETE /counts` forgets.
"""

import argparse
import asyncio
import json
import ssl
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]

_EVENT_ID = "6a7e8feb-b491-4cf7-a9f1-bf3703550001"


class Answers:
    """Answers by action, as whole HTTP messages, and the count of what was asked."""

    def __init__(self, told: JsonObject) -> None:
        self._prepared = {
            action: [(each["if"].encode(), _message(each["then"])) for each in choices]
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
        for wanted, message in self._prepared.get(action, ()):
            if wanted in body:
                return message
        return _message({"__type": "ValidationException", "message": f"no answer for {action}"}, status=400)

    @staticmethod
    def _put_events(body: bytes) -> bytes:
        entries = [{"EventId": _EVENT_ID}] * body.count(b'"EventBusName"')
        return _message({"FailedEntryCount": 0, "Entries": entries})


class Connection(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].decode("latin-1")
            fields = {name.lower(): value.strip() for name, _, value in map(_parted, head.split("\r\n")[1:])}
            whole = end + 4 + int(fields.get("content-length", 0))
            if len(self._data) < whole:
                return
            body, self._data = self._data[end + 4 : whole], self._data[whole:]
            assert self._transport is not None
            self._transport.write(self._answer(head, fields, body, whole))

    def _answer(self, head: str, fields: dict[str, str], body: bytes, request_bytes: int) -> bytes:
        if "/counts " in head.partition("\r\n")[0]:
            told = dict(self._answers.counts)
            if head.startswith("DELETE"):
                self._answers.counts.clear()
            return _message(told)
        action = fields.get("x-amz-target", "chat").rpartition(".")[2]
        return self._answers.of(action, body, request_bytes)


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def _message(said: JsonObject, status: int = 200) -> bytes:
    body = json.dumps(said, separators=(",", ":")).encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Bad Request'}\r\n"
        "Server: Server\r\nDate: Mon, 23 Nov 2026 06:19:00 GMT\r\n"
        "Content-Type: application/x-amz-json-1.0\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n"
        "x-amzn-RequestId: 7K8M1TQ2V3B4N5P6R7S8T9UVWXYZ0A1B2C3D4E5F6G7H8J9K0LMN\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _serve(folder: Path, ports: list[int]) -> None:
    answers = Answers(json.loads((folder / "answers.json").read_text(encoding="utf-8")))
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem")
    plain = await loop.create_server(lambda: Connection(answers), "127.0.0.1", ports[0])
    await loop.create_server(lambda: Connection(answers), "127.0.0.1", ports[1], ssl=context)
    print("ready", flush=True)
    await plain.serve_forever()


def main() -> None:
    """Serve until killed, on one port in plain text and on another over TLS."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ports", type=int, nargs=2, required=True)
    asked = parser.parse_args()
    asyncio.run(_serve(asked.folder, asked.ports))


if __name__ == "__main__":
    main()
