"""The front door over real sockets, in front of a function and an emulator that do as they are told."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from local.authorizing import Authorizing
from local.front_door import EmulatedApi, FrontDoor
from local.function_processes import Answer
from local.gateway import Api, Authorizer, Route
from local.http_server import HttpServer, PortTakenError
from local.proxy_event import Stage
from local.request_log import Served
from local.runtime_api import FunctionFailedError, Invocation

STAGE = Stage(api_id="api1", name="local", account="000000000000", region="us-east-1")
AUTHORIZER = Authorizer("Key", "AuthFunction", ("method.request.header.Authorization",), ttl_seconds=45)
ENVELOPE = '{"error":{"code":"CODE","request_id":"$context.requestId"}}'
WAIT_SECONDS = 60


def gateway_response(code: str) -> dict[str, Any]:
    return {
        "responseTemplates": {"application/json": ENVELOPE.replace("CODE", code)},
        "responseParameters": {"gatewayresponse.header.x-request-id": "context.requestId"},
    }


API = Api(
    logical_id="Api",
    routes=(Route("POST", "/v1/chat", "ChatFunction", streams=True, authorizer=AUTHORIZER),),
    gateway_responses={
        "UNAUTHORIZED": gateway_response("no_key"),
        "REQUEST_TOO_LARGE": gateway_response("too_large"),
        "DEFAULT_5XX": gateway_response("broken"),
        "INTEGRATION_TIMEOUT": gateway_response("too_late"),
    },
)


@dataclass
class FakeFunction:
    """Answers with `chunks`; `error` is raised before them."""

    chunks: Callable[[], Iterator[bytes]] = lambda: iter([b"hello"])
    error: FunctionFailedError | None = None
    events: list[Any] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def invoke(self, event: Any) -> Answer:
        self.events.append(event)
        if self.error:
            raise self.error
        headers = {"Content-Type": "text/event-stream", "x-request-id": "r-1", "Content-Length": "999"}
        invocation = cast("Invocation", _Closing(self.closed))
        return Answer(201, headers, ("a=1", "b=2"), self.chunks(), invocation)


@dataclass
class _Closing:
    closed: threading.Event

    def close(self) -> None:
        self.closed.set()


class _Emulator(BaseHTTPRequestHandler):
    """Tells back what it was sent; `/broken` is an error of its own, `/refused` one of a function."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers),
            "body": body.decode(),
        }
        status = 500 if "/broken" in self.path or "/refused" in self.path else 200
        text = json.dumps(said).encode()
        self.send_response(status)
        if "/broken" not in self.path:
            self.send_header("x-request-id", "r-2")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST  # noqa: N815 (the base class looks for these)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it)
        pass


@dataclass
class Door:
    port: int
    function: FakeFunction
    served: list[Served]

    def send(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            connection.request(method, path, body or None, {"Authorization": "Bearer good"} | headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def told(self, count: int) -> list[Served]:
        """Requests that are over, once there are `count`: the client may have its answer a moment earlier."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.served) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.served

    def chat(self, body: bytes = b"{}", **headers: str) -> tuple[int, dict[str, str], bytes]:
        return self.send("POST", "/v1/chat", body, **headers)


def authorizer(_function: str, event: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    return {"principalId": event["headers"]["Authorization"], "policyDocument": {"Statement": [statement]}}


@pytest.fixture
def door() -> Iterator[Door]:
    emulator = ThreadingHTTPServer(("127.0.0.1", 0), _Emulator)
    emulator.daemon_threads = True
    thread = threading.Thread(target=emulator.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    function, served = FakeFunction(), list[Served]()
    emulated = EmulatedApi(emulator.server_address[1], STAGE)
    front = FrontDoor(
        api=API,
        stage=STAGE,
        emulator=emulated,
        authorizing=Authorizing(authorizer),
        processes={"ChatFunction": function},
        on_served=served.append,
    )
    server = HttpServer(0)
    server.start(front.handle)
    yield Door(server.port, function, served)
    server.close()
    emulated.close()
    emulator.shutdown()
    thread.join()
    emulator.server_close()


def test_a_streaming_route_answers_with_the_functions_status_headers_and_cookies(door: Door) -> None:
    status, headers, body = door.chat()

    assert (status, body) == (201, b"hello")
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Transfer-Encoding"] == "chunked"
    assert headers["Set-Cookie"] == "b=2"
    assert "Content-Length" not in headers


def test_the_function_gets_the_event_with_the_authorizers_context(door: Door) -> None:
    door.chat(b'{"model": "m"}')

    (event,) = door.function.events
    assert event["requestContext"]["authorizer"] == {"principalId": "Bearer good"}
    assert event["body"] == '{"model": "m"}'


def test_the_first_chunk_arrives_before_the_last_is_made(door: Door) -> None:
    may_go_on = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield b"first"
        assert may_go_on.wait(WAIT_SECONDS)
        yield b"last"

    door.function.chunks = chunks
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=WAIT_SECONDS)
    connection.request("POST", "/v1/chat", b"{}", {"Authorization": "Bearer good"})
    answer = connection.getresponse()

    first = answer.read1(100)
    may_go_on.set()

    assert (first, answer.read()) == (b"first", b"last")
    connection.close()


def test_a_client_that_leaves_while_nothing_is_sent_closes_the_answer(door: Door) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        assert door.function.closed.wait(WAIT_SECONDS)

    door.function.chunks = chunks
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=WAIT_SECONDS)
    connection.request("POST", "/v1/chat", b"{}", {"Authorization": "Bearer good"})
    connection.getresponse().read1(100)

    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()

    assert door.function.closed.wait(WAIT_SECONDS)


def test_an_answer_that_breaks_off_has_no_end(door: Door) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise FunctionFailedError("Runtime.ExitError", "signal 9")

    door.function.chunks = chunks

    with pytest.raises(http.client.IncompleteRead):
        door.chat()


def test_without_a_key_the_gateway_answers_in_the_templates_envelope(door: Door) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=WAIT_SECONDS)
    connection.request("POST", "/v1/chat", b"{}")
    answer = connection.getresponse()

    error = json.loads(answer.read())["error"]

    assert (answer.status, error["code"]) == (401, "no_key")
    assert error["request_id"] == answer.getheader("x-request-id")
    assert door.function.events == []
    connection.close()


@pytest.mark.parametrize(
    ("error_type", "status", "code"),
    [("Runtime.ExitError", 502, "broken"), ("Sandbox.Timedout", 504, "too_late")],
)
def test_a_function_that_fails_before_its_answer_is_the_gateways_error(
    door: Door, error_type: str, status: int, code: str
) -> None:
    door.function.error = FunctionFailedError(error_type, "secret detail")

    found, _, body = door.chat()

    assert (found, json.loads(body)["error"]["code"]) == (status, code)
    assert b"secret" not in body
    assert door.told(1)[0].note == f"{error_type}: secret detail"


@pytest.mark.parametrize("path", ["/v1/chat", "/elsewhere"])
def test_a_body_over_six_megabytes_is_413(door: Door, path: str) -> None:
    status, _, body = door.send("POST", path, b"x" * (6 * 1024 * 1024 + 1))

    assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")
    assert door.function.events == []


@pytest.mark.parametrize(
    ("megabytes", "status"), [(2.9, 201), (3.1, 413)], ids=["fits when it is escaped", "does not"]
)
def test_quotes_count_twice_for_the_body_is_text_in_an_event(
    door: Door, megabytes: float, status: int
) -> None:
    answered, _, _ = door.send("POST", "/v1/chat", b'"' * int(megabytes * 1024 * 1024))

    assert answered == status


def test_quotes_count_twice_on_routes_that_do_not_stream_as_well(door: Door) -> None:
    answered, _, _ = door.send("POST", "/elsewhere", b'"' * int(3.1 * 1024 * 1024))

    assert answered == 413


@pytest.mark.parametrize("path", ["/v1/chat", "/elsewhere"])
@pytest.mark.parametrize("character", ["\u00e9", "\u597d", "\U0001f600"], ids=["Latin", "Chinese", "emoji"])
def test_characters_beyond_ascii_count_as_they_are_sent(door: Door, path: str, character: str) -> None:
    megabytes = 5.5 * 1024 * 1024
    body = character.encode() * int(megabytes / len(character.encode()))

    answered, _, _ = door.send("POST", path, body)

    assert answered == {"/v1/chat": 201, "/elsewhere": 200}[path]


def test_a_chunked_request_body_is_read(door: Door) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=WAIT_SECONDS)
    connection.request(
        "POST", "/v1/chat", iter([b'{"a":', b"1}"]), {"Authorization": "Bearer good"}, encode_chunked=True
    )
    connection.getresponse().read()

    assert door.function.events[0]["body"] == '{"a":1}'
    connection.close()


def test_all_other_routes_go_to_the_emulators_stage_unchanged(door: Door) -> None:
    status, headers, body = door.send("PATCH", "/auth/api-keys/a%2Fb?x=1&x=2", b'{"name": "n"}', Accept="*/*")

    said = json.loads(body)
    assert (status, headers["x-request-id"]) == (200, "r-2")
    assert said["method"] == "PATCH"
    assert said["path"] == "/_aws/execute-api/api1/local/auth/api-keys/a%2Fb?x=1&x=2"
    assert said["body"] == '{"name": "n"}'
    assert said["headers"]["Authorization"] == "Bearer good"
    assert said["headers"]["Host"] == f"127.0.0.1:{door.port}"


def test_a_client_cannot_make_up_its_address_nor_the_emulators_host(door: Door) -> None:
    _, _, body = door.send(
        "GET", "/health", b"", Host="bucket.s3.localhost", **{"X-Forwarded-For": "203.0.113.9"}
    )

    headers = json.loads(body)["headers"]
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["Host"].startswith("127.0.0.1:")


def test_a_head_request_has_no_body(door: Door) -> None:
    status, headers, body = door.send("HEAD", "/health")

    assert (status, body) == (200, b"")
    assert headers["x-request-id"] == "r-2"


def test_an_error_of_the_emulator_itself_becomes_the_gateways(door: Door) -> None:
    status, _, body = door.send("GET", "/broken")

    assert (status, json.loads(body)["error"]["code"]) == (502, "broken")


def test_an_error_of_a_function_passes_as_it_is(door: Door) -> None:
    status, headers, body = door.send("GET", "/refused")

    assert (status, headers["x-request-id"]) == (500, "r-2")
    assert json.loads(body)["path"] == "/_aws/execute-api/api1/local/refused"


def test_a_connection_serves_one_request_after_another(door: Door) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=WAIT_SECONDS)

    statuses = []
    for path in ("/v1/chat", "/health", "/v1/chat"):
        connection.request("POST", path, b"{}", {"Authorization": "Bearer good"})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)

    assert statuses == [201, 200, 201]
    connection.close()


def test_each_request_is_told_of_once_it_is_over(door: Door) -> None:
    door.chat()
    door.send("GET", "/health")

    assert [(each.method, each.path, each.status) for each in door.told(2)] == [
        ("POST", "/v1/chat", 201),
        ("GET", "/health", 200),
    ]


def test_a_port_that_is_taken_is_said_so(door: Door) -> None:
    with pytest.raises(PortTakenError, match=f"Port {door.port} is not free"):
        HttpServer(door.port)
