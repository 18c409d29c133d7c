"""The receiver itself: OTLP over HTTP on 127.0.0.1, JSON and binary, as its specification has a server answer.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request and #otlphttp-response
"""

import gzip
import json
import threading
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from local.otlp.judging import judge_metrics, judge_traces, lines
from local.otlp.reading import Refused, from_json, from_protobuf

MOST_BYTES = 20 * 1024**2
"""The collector's own limit (`max_request_body_size` of confighttp)."""

JSON, PROTOBUF = "application/json", "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a test has the receiver answer instead: a status, headers, a body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Received:
    """What arrived and was taken, why the rest was refused, and the headers of all that was posted."""

    spans: list[Span] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


class Receiver(ThreadingHTTPServer):
    """Use it as a context: it serves until it is left. `answers` are given first, one a post, and keep nothing."""

    daemon_threads = True

    def __init__(self, port: int = 0, *, is_talkative: bool = False) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.received = Received()
        self.answers: deque[Answer] = deque()
        self.is_talkative = is_talkative
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def take(self, path: str, kind: str, body: bytes) -> None:
        """Keep what a post says.

        Raises:
            Refused: it is not valid.
        """
        read = from_json if kind == JSON else from_protobuf
        if path == "/v1/traces":
            traces = ExportTraceServiceRequest()
            read(body, traces)
            spans, metrics = judge_traces(traces), list[Metric]()
            said = MessageToDict(traces)
        else:
            told = ExportMetricsServiceRequest()
            read(body, told)
            spans, metrics = [], judge_metrics(told)
            said = MessageToDict(told)
        with self._lock:
            self.received.spans += spans
            self.received.metrics += metrics
            self.received.resources += [
                each.get("resource", {})
                for each in said.get("resourceSpans", said.get("resourceMetrics", []))
            ]
        if self.is_talkative:
            print("\n".join(lines(spans, metrics)), flush=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.received.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self.server.answers:
            answer = self.server.answers.popleft()
            self._say(answer.status, JSON, json.dumps(answer.body).encode(), answer.headers)
        elif self.path not in ("/v1/traces", "/v1/metrics"):
            self._refuse(404, JSON, "there is nothing at this path")
        elif kind not in (JSON, PROTOBUF):
            self._refuse(415, JSON, f"a body is {JSON} or {PROTOBUF}, not {kind!r}")
        elif len(body) > MOST_BYTES:
            self._refuse(413, kind, "the body is too large")
        else:
            self._take(kind, body)

    def do_GET(self) -> None:
        self._refuse(405, JSON, "telemetry is posted")

    def _take(self, kind: str, body: bytes) -> None:
        encoding = self.headers.get("Content-Encoding", "identity")
        if encoding not in ("gzip", "identity"):
            self._refuse(400, kind, f"a body is not encoded, or with gzip, not with {encoding!r}")
            return
        try:
            self.server.take(self.path, kind, gzip.decompress(body) if encoding == "gzip" else body)
        except (Refused, OSError, EOFError, zlib.error) as refused:
            self.server.received.refused.append(str(refused))
            if self.server.is_talkative:
                print(f"refused {refused}", flush=True)
            self._refuse(400, kind, str(refused))
            return
        is_traces = self.path == "/v1/traces"
        taken = ExportTraceServiceResponse() if is_traces else ExportMetricsServiceResponse()
        self._say(200, kind, b"{}" if kind == JSON else taken.SerializeToString())

    def _refuse(self, status: int, kind: str, why: str) -> None:
        """A Status message: in JSON it is read by people, in binary by clients (field 2 is its message)."""
        said = why.encode()[:100]
        body = (
            json.dumps({"code": 3, "message": why}).encode()
            if kind == JSON
            else bytes([18, len(said)]) + said
        )
        self._say(status, kind, body)

    def _say(self, status: int, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what arrives is said by who takes it."""
