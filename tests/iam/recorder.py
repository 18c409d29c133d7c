"""What a function asks AWS for: a stand-in for the endpoint that passes calls on, and what they need of a role."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import unquote, urlsplit

JsonObject = dict[str, Any]

_PLACE = "us-east-1:000000000000"
# A transaction has no permission of its own: each of its steps needs that of the single write.
# Source: Amazon DynamoDB developer guide, "Using IAM with DynamoDB transactions".
_STEPS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_OBJECTS = {"GET": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}


class Need(NamedTuple):
    """One permission that a call takes. `context` are the condition keys that AWS knows of it."""

    action: str
    resource: str
    context: dict[str, str | list[str]]


@dataclass(frozen=True)
class Call:
    """A call as it went over the wire."""

    method: str
    path: str
    target: str
    body: bytes

    def needs(self) -> Iterator[Need]:
        """The permissions that it takes."""
        service, _, name = self.target.partition(".")
        if not service:
            key = unquote(urlsplit(self.path).path).lstrip("/")
            return iter([Need(_OBJECTS[self.method], f"arn:aws:s3:::{key}", {})])
        return _READERS[service](name, json.loads(self.body))


def _of_dynamodb(name: str, said: JsonObject) -> Iterator[Need]:
    if name == "TransactWriteItems":
        for step in said["TransactItems"]:
            ((kind, each),) = step.items()
            yield _on_table(_STEPS[kind], each["TableName"])
    elif name in ("BatchGetItem", "BatchWriteItem"):
        for table in said["RequestItems"]:
            yield _on_table(name, table)
    else:
        yield _on_table(name, said["TableName"])


def _of_the_bus(name: str, said: JsonObject) -> Iterator[Need]:
    if name != "PutEvents":
        yield Need(f"events:{name}", _bus(said["Name"]), {})
        return
    sources = sorted({entry["Source"] for entry in said["Entries"]})
    for bus in sorted({entry["EventBusName"] for entry in said["Entries"]}):
        yield Need("events:PutEvents", _bus(bus), {"events:source": sources})


def _of_queues(name: str, said: JsonObject) -> Iterator[Need]:
    """A batch needs what one of it needs. Source: Amazon SQS developer guide, "API permissions reference"."""
    queue = urlsplit(said["QueueUrl"]).path.rpartition("/")[2]
    yield Need(f"sqs:{name.removesuffix('Batch')}", f"arn:aws:sqs:{_PLACE}:{queue}", {})


def _of_secrets(name: str, said: JsonObject) -> Iterator[Need]:
    """A secret that is asked for by a name that people gave it: AWS puts six letters behind that in its ARN."""
    secret = said["SecretId"]
    yield Need(f"secretsmanager:{name}", secret_arn(f"{secret}-AbCdEf" if "/" in secret else secret), {})


def _of_metrics(name: str, said: JsonObject) -> Iterator[Need]:
    """Metrics have no resource, and alarms that are listed by a prefix are any."""
    del said
    yield Need(f"cloudwatch:{name}", "*", {})


def _of_logs(name: str, said: JsonObject) -> Iterator[Need]:
    """A group's ARN ends with `:*`. Source: Amazon CloudWatch Logs user guide, "CloudWatch Logs resources"."""
    yield Need(f"logs:{name}", f"arn:aws:logs:{_PLACE}:log-group:{said['logGroupName']}:*", {})


_READERS: dict[str, Callable[[str, JsonObject], Iterator[Need]]] = {
    "DynamoDB_20120810": _of_dynamodb,
    "AWSEvents": _of_the_bus,
    "GraniteServiceVersion20100801": _of_metrics,
    "Logs_20140328": _of_logs,
    "AmazonSQS": _of_queues,
    "secretsmanager": _of_secrets,
}


def secret_arn(name: str) -> str:
    """ARN of a secret, which is what `Ref` gives on AWS; the emulator gives its name."""
    return f"arn:aws:secretsmanager:{_PLACE}:secret:{name}"


def _bus(name: str) -> str:
    return f"arn:aws:events:{_PLACE}:event-bus/{name}"


def _on_table(name: str, table: str) -> Need:
    return Need(f"dynamodb:{name}", f"arn:aws:dynamodb:{_PLACE}:table/{table}", {})


class Recorder:
    """Passes calls on to `endpoint`, and remembers them. Use it as a context."""

    def __init__(self, endpoint: str) -> None:
        place = urlsplit(endpoint)
        self.calls: list[Call] = []
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                calls.append(Call(self.command, self.path, self.headers.get("X-Amz-Target", ""), body))
                upstream = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
                upstream.request(self.command, self.path, body, dict(self.headers.items()))
                answer = upstream.getresponse()
                said = answer.read()
                upstream.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in (
                        "connection",
                        "transfer-encoding",
                        "content-length",
                        "date",
                        "server",
                    ):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815 (the base class names them)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def needs(self) -> list[Need]:
        """The permissions that all calls took, each once."""
        found: list[Need] = []
        for call in list(self.calls):
            found.extend(need for need in call.needs() if need not in found)
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
