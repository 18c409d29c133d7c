"""Servers on this machine that both boto3 and the signed client can be pointed at."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from aggregator.runtime.aws import JsonObject
from aggregator.runtime.signed_client import SignedClient
from aggregator.runtime.sigv4 import Credentials

REGION = "eu-west-1"
KEY = Credentials("AKIDEXAMPLE", "secret/EXAMPLE", "session+token==")


class Sent(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def what_matters(self) -> JsonObject:
        """All but names of the client and of the attempt, the date, and what depends on those."""
        wanted = ("host", "content-type", "x-amz-target", "x-amz-security-token", "x-amzn-query-mode")
        return {
            "method": self.method,
            "path": self.path,
            "headers": {name: self.headers.get(name) for name in wanted},
            "body": json.loads(self.body),
        }


class LocalServer(http.server.ThreadingHTTPServer):
    """Answers a POST with what `answer` makes of it: status, headers and body."""

    def __init__(self, answer: Callable[[Sent], tuple[int, Mapping[str, str], bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        with self:
            thread = threading.Thread(target=self.serve_forever, args=(0.01,))
            thread.start()
            yield
            self.shutdown()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LocalServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answered, content = self.server.answer(Sent(self.command, self.path, headers, body))
        self.send_response(status)
        for name, value in answered.items():
            if name.lower() not in ("content-length", "date", "server", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


class Recorder(LocalServer):
    """Answers everything with an empty object, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(self._record)
        self.sent: list[Sent] = []

    def _record(self, sent: Sent) -> tuple[int, Mapping[str, str], bytes]:
        self.sent.append(sent)
        return 200, {}, b"{}"


def answer_of_moto(sent: Sent) -> tuple[int, Mapping[str, str], bytes]:
    """Let moto answer what came over a socket, as if boto3 had been about to send it to AWS."""
    service = sent.headers["authorization"].split("/")[3]
    request = AWSPreparedRequest(
        "POST", f"https://{service}.{REGION}.amazonaws.com/", HTTPHeaders(), sent.body, stream_output=False
    )
    for name, value in sent.headers.items():
        request.headers[name.title()] = value
    response = botocore_stubber("before-send", request)
    assert response is not None
    return response.status_code, response.headers, response.content


def boto(service: str, url: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=KEY.access_key_id,
        aws_secret_access_key=KEY.secret_access_key,
        aws_session_token=KEY.session_token,
    )


def signed(service: str, url: str) -> SignedClient:
    return SignedClient(service, region=REGION, endpoint=url, credentials=lambda: KEY)
