"""Usage events, and an exporter whose posts are kept instead of sent."""

from typing import Any

from google.protobuf.message import Message as Protobuf
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aggregator.contracts.ai_usage import AiUsage
from aggregator.errors import JsonObject
from aggregator.runtime.batch import Message
from aggregator.telemetry.endpoint import Endpoint, Target
from aggregator.telemetry.export import Exporter
from aggregator.telemetry.request_end import RequestEnd, request_end_of
from aggregator.telemetry.send import Sent

TRACE = "Root=1-6a22a50c-aaaabbbbccccddddeeeeffff;Parent=53995c3f42cd8ad8;Sampled=1"


def usage(**fields: Any) -> JsonObject:
    """The detail of one event: a chat of twelve tokens, half a second long."""
    return {
        "version": 1,
        "requestId": "01a20743c9f6-0d672930-faca-47b7-b174-2797b7d896eb",
        "userId": "ann",
        "keyId": "1xVOI70pADNQ",
        "occurredAt": "2026-11-23T07:16:52.962Z",
        "hold": {"amountNanoUsd": 9_852_000, "bucket": "1795422000"},
        "model": "gpt-4o-mini",
        "provider": "openai",
        "attempts": 1,
        "surface": "chat",
        "stream": False,
        "outcome": "completed",
        "status": 200,
        "usage": {"inputTokens": 8, "outputTokens": 4},
        "price": {"version": "2026-11-23", "input": 150_000_000, "output": 600_000_000},
        "costNanoUsd": 3_600,
        "latencyMs": 500,
        "timeToFirstTokenMs": 480,
        "providerMs": 450,
    } | fields


def end(**fields: Any) -> RequestEnd:
    return request_end_of(AiUsage.model_validate(usage(**fields)))


def message(number: int = 1, **fields: Any) -> Message:
    return Message(f"m{number}", usage(requestId=f"r{number}", **fields))


class KeptSending:
    """Keeps what is sent; answers as it is told, and takes all that it was told nothing about."""

    def __init__(self, *answers: Sent) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, JsonObject, int]] = []

    def user_key(self) -> str | None:
        return "a key"

    def send(self, target: Target, payload: JsonObject, count: int) -> Sent:
        self.sent.append((target.url, payload, count))
        return self.answers.pop(0) if self.answers else Sent()


def exporter(sending: KeptSending, *, has_traces: bool = True, has_metrics: bool = True) -> Exporter:
    return Exporter(
        Endpoint(Target("traces") if has_traces else None, Target("metrics") if has_metrics else None),
        sending,
        resource={"service.name": "ai-aggregator"},
        instance={"service.instance.id": "one"},
        scope={"name": "aggregator.telemetry", "version": "1"},
    )


def request_for(path: str) -> Protobuf:
    return ExportTraceServiceRequest() if path == "traces" else ExportMetricsServiceRequest()
