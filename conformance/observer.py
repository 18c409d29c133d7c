"""Answers the questions of a client's script about its own requests: how often it tried, and what that came to.

| question          | answer                                                            |
|-------------------|-------------------------------------------------------------------|
| `GET /mark`       | `{"mark": 7}`: so many requests were made so far                  |
| `GET /since/7`    | `{"exchanges": [...]}`: those after the mark                      |
| `GET /bill/7`     | what they came to, once they are settled: see `bills.bill_of`     |
| `GET /bill/7/1`   | the same, if only one of them is to be charged                    |
| `GET /cat.png`    | a picture of one pixel, for whoever fetches it                    |
"""

import json
from base64 import b64decode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from conformance.loopback import LoopbackServer
from conformance.relay import Exchange, Relay

JsonObject = dict[str, Any]

PICTURE = "/cat.png"
_PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Observer(LoopbackServer):
    """Listens on a free port of 127.0.0.1 until it is closed; `bill` gets the exchanges after a mark.

    Its second argument is how many of them are to be charged, or None for all that were answered.
    """

    def __init__(self, relay: Relay, bill: Callable[[list[Exchange], int | None], JsonObject]) -> None:
        self._relay = relay
        self._bill = bill
        super().__init__(self._handler())

    def answer(self, path: str) -> JsonObject:
        """Answer a question.

        Raises:
            KeyError: there is no such question.
        """
        _, question, *rest = path.split("/")
        exchanges = self._relay.exchanges()
        if question == "mark":
            return {"mark": len(exchanges)}
        after = exchanges[int(rest[0]) :]
        if question == "since":
            return {"exchanges": [each.to_json() for each in after]}
        if question == "bill":
            return self._bill(after, int(rest[1]) if len(rest) > 1 else None)
        raise KeyError(question)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        observer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == PICTURE:
                    self._say(200, "image/png", _PIXEL)
                    return
                try:
                    status, said = 200, observer.answer(self.path)
                except Exception as failed:  # a script must see what is wrong
                    status, said = 500, {"error": repr(failed)}
                self._say(status, "application/json", json.dumps(said).encode())

            def _say(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
                """Say nothing."""

        return Handler
