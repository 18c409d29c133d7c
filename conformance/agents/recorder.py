"""Stands between an agent and the API: passes all on, piece by piece, and keeps what was asked and the status."""

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

import urllib3

from conformance.loopback import LoopbackServer

JsonObject = dict[str, Any]

_NOT_PASSED_ON = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}
_TIMEOUT_SECONDS = 300


@dataclass
class Asked:
    """A request of an agent. `status` is None while it is not answered; `said` is what a refusal said."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int | None = None
    request_id: str = ""
    said: str = ""


class Recorder(LoopbackServer):
    """Listens on a free port of 127.0.0.1 until it is closed; `target` is the API's address."""

    def __init__(self, target: str) -> None:
        self.asked: list[Asked] = []
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT_SECONDS, maxsize=8)
        super().__init__(_handler(self, target))

    def close(self) -> None:
        """Stop."""
        super().close()
        self._pool.clear()

    def pass_on(self, asked: Asked, url: str, body: bytes) -> urllib3.BaseHTTPResponse:
        """The API's answer, whose body is still to be read."""
        self.asked.append(asked)
        answer = self._pool.request(
            asked.method,
            url,
            body=body or None,
            headers={
                name: value for name, value in asked.headers.items() if name.lower() not in _NOT_PASSED_ON
            },
            preload_content=False,
            decode_content=False,
        )
        asked.status = answer.status
        asked.request_id = answer.headers.get("x-request-id", "")
        return answer


def _handler(  # noqa: C901 (one class, made for one recorder)
    recorder: Recorder, target: str
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self._body()
            asked = Asked(self.command, self.path, dict(self.headers.items()), _decoded(body))
            answer = recorder.pass_on(asked, target + self.path, body)
            try:
                self._answer(asked, answer)
            except OSError:  # the agent went away: so does its request
                self.close_connection = True
                answer.close()
            finally:
                answer.release_conn()

        do_GET = do_HEAD = do_DELETE = do_POST  # noqa: N815 (the base's names)

        def _body(self) -> bytes:
            if self.headers.get("transfer-encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def _answer(self, asked: Asked, answer: urllib3.BaseHTTPResponse) -> None:
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            if self.command == "HEAD":
                self.end_headers()
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while piece := answer.read1():
                if answer.status >= 400:
                    asked.said += piece.decode(errors="replace")
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
            """Say nothing."""

    return Handler


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
