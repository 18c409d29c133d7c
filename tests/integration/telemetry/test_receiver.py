"""The receiver that telemetry is tested against: what it refuses, and what it takes."""

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3

from local.otlp.server import Answer, Receiver

SPAN: dict[str, Any] = {
    "traceId": "5B8EFFF798038103D269B633813FC60C",
    "spanId": "eee19b7ec3c1b174",
    "parentSpanId": "EEE19B7EC3C1B173",
    "name": "chat gpt-4o-mini",
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": "1544712661000000000",
    "kind": 3,
    "attributes": [{"key": "a", "value": {"intValue": "5"}}],
    "events": [{"name": "e", "timeUnixNano": "1544712660000000000"}],
    "status": {"code": 2, "message": "m"},
}
POINT: dict[str, Any] = {
    "startTimeUnixNano": "1544712660000000000",
    "timeUnixNano": "1544712661000000000",
    "count": "2",
    "sum": 2,
    "bucketCounts": ["1", "1"],
    "explicitBounds": [1],
    "min": 0,
    "max": 2.5,
}
METRIC: dict[str, Any] = {
    "name": "my.histogram",
    "unit": "s",
    "histogram": {"aggregationTemporality": 1, "dataPoints": [POINT]},
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


def post(receiver: Receiver, path: str, body: Any, kind: str = "application/json") -> tuple[int, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = urllib3.request(
        "POST", f"{receiver.url}{path}", body=raw, headers={"Content-Type": kind}, retries=False
    )
    assert answer.headers["Content-Type"] == kind or kind not in (
        "application/json",
        "application/x-protobuf",
    )
    return answer.status, answer.json()


def of_spans(*spans: Any) -> Any:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def of_metrics(*metrics: Any) -> Any:
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": list(metrics)}]}]}


def test_what_is_right_is_taken_and_kept(receiver: Receiver) -> None:
    assert post(receiver, "/v1/traces", of_spans(SPAN)) == (200, {})
    assert post(receiver, "/v1/metrics", of_metrics(METRIC)) == (200, {})

    (span,), (metric,) = receiver.received.spans, receiver.received.metrics
    assert span.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert span.attributes[0].value.int_value == 5
    assert list(metric.histogram.data_points[0].bucket_counts) == [1, 1]


def changed(value: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    other = copy.deepcopy(value)
    change(other)
    return other


def set_to(name: str, to: Any) -> Callable[[dict[str, Any]], object]:
    return lambda value: value.update({name: to})


def in_point(name: str, to: Any) -> Callable[[dict[str, Any]], object]:
    return lambda value: value["histogram"]["dataPoints"][0].update({name: to})


WRONG_SPANS = {
    "an id in base64": (set_to("spanId", "7uGbfsPBsXQ="), "hex"),
    "an id of half a byte": (set_to("spanId", "eee19b7ec3c1b17"), "hex"),
    "a short id": (set_to("traceId", "5b8efff798038103"), "16 bytes"),
    "an id of nothing": (set_to("traceId", "0" * 32), "16 bytes"),
    "no id": (set_to("spanId", ""), "8 bytes"),
    "a parent that is too long": (set_to("parentSpanId", "0" * 32), "8 bytes"),
    "a parent that it is itself": (set_to("parentSpanId", "eee19b7ec3c1b174"), "own parent"),
    "a time as a number": (set_to("endTimeUnixNano", 1544712661000000000), "decimal string"),
    "a time in seconds with a point": (set_to("endTimeUnixNano", "1544712661.5"), "decimal string"),
    "an end before the start": (set_to("endTimeUnixNano", "1544712659000000000"), "before it begins"),
    "a kind by its name": (set_to("kind", "SPAN_KIND_CLIENT"), "as its number"),
    "a kind that there is not": (set_to("kind", 9), "no SpanKind"),
    "a field that there is not": (set_to("traceID", "x"), "no such field"),
    "a name in snake case": (set_to("trace_id", "x"), "no such field"),
    "no name": (set_to("name", ""), "no name"),
    "an integer as a number": (
        set_to("attributes", [{"key": "a", "value": {"intValue": 5}}]),
        "decimal string",
    ),
    "a boolean as text": (
        set_to("attributes", [{"key": "a", "value": {"boolValue": "true"}}]),
        "no boolean",
    ),
    "an attribute twice": (set_to("attributes", [SPAN["attributes"][0]] * 2), "comes twice"),
    "an attribute without a name": (
        set_to("attributes", [{"key": "", "value": {"intValue": "5"}}]),
        "has no name",
    ),
    "two values at once": (
        set_to("attributes", [{"key": "a", "value": {"intValue": "5", "stringValue": "5"}}]),
        "oneof",
    ),
    "an event without a time": (set_to("events", [{"name": "e"}]), "has no time"),
    "events that are no array": (set_to("events", {"name": "e"}), "no array"),
    "a status that is no object": (set_to("status", 2), "no object"),
}
WRONG_METRICS = {
    "a name with a space": (set_to("name", "my histogram"), "no name for a metric"),
    "no data": (lambda value: value.pop("histogram"), "no data"),
    "no temporality": (lambda value: value["histogram"].pop("aggregationTemporality"), "temporality"),
    "a count as a number": (in_point("count", 2), "decimal string"),
    "buckets that do not add up": (in_point("bucketCounts", ["1", "2"]), "add up"),
    "as many buckets as bounds": (in_point("bucketCounts", ["2"]), "one bucket more"),
    "bounds that do not rise": (
        lambda value: value["histogram"]["dataPoints"][0].update(
            explicitBounds=[1, 1], bucketCounts=["1", "1", "0"]
        ),
        "do not rise",
    ),
    "no time": (in_point("timeUnixNano", "0"), "no time"),
    "a point that ends before it begins": (in_point("startTimeUnixNano", "1544712662000000000"), "before it"),
    "a series twice": (
        lambda value: value["histogram"].update(dataPoints=[POINT, POINT]),
        "two points of one series",
    ),
}


@pytest.mark.parametrize("fault", WRONG_SPANS)
def test_a_span_that_a_sender_may_not_write_is_refused(receiver: Receiver, fault: str) -> None:
    change, why = WRONG_SPANS[fault]

    status, said = post(receiver, "/v1/traces", of_spans(changed(SPAN, change)))

    assert (status, receiver.received.spans) == (400, [])
    assert why in said["message"]
    assert "https://" in said["message"]  # who says so


@pytest.mark.parametrize("fault", WRONG_METRICS)
def test_a_metric_that_a_sender_may_not_write_is_refused(receiver: Receiver, fault: str) -> None:
    change, why = WRONG_METRICS[fault]

    status, said = post(receiver, "/v1/metrics", of_metrics(changed(METRIC, change)))

    assert (status, receiver.received.metrics) == (400, [])
    assert why in said["message"]
    assert "https://" in said["message"]


def test_what_is_no_otlp_at_all_is_refused_as_its_specification_has_it(receiver: Receiver) -> None:
    assert post(receiver, "/v1/traces", b"{")[0] == 400
    assert post(receiver, "/v1/traces", b'{"resourceSpans": [], "resourceSpans": []}')[0] == 400
    assert post(receiver, "/v1/traces", b"[]")[0] == 400
    assert post(receiver, "/v1/spans", {})[0] == 404
    assert post(receiver, "/v1/traces", {}, "text/plain")[0] == 415
    assert post(receiver, "/v1/traces", b" " * (20 * 1024**2 + 1))[0] == 413
    assert urllib3.request("GET", f"{receiver.url}/v1/traces", retries=False).status == 405
    assert len(receiver.received.refused) == 3


def test_a_body_may_be_zipped_and_nothing_else(receiver: Receiver) -> None:
    def sent(body: bytes, encoding: str) -> int:
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        return urllib3.request(
            "POST", f"{receiver.url}/v1/traces", body=body, headers=headers, retries=False
        ).status

    assert sent(gzip.compress(json.dumps(of_spans(SPAN)).encode()), "gzip") == 200
    assert sent(b"{}", "gzip") == 400
    assert sent(b"{}", "br") == 400
    assert len(receiver.received.spans) == 1


def test_a_test_can_have_it_answer_something_else(receiver: Receiver) -> None:
    receiver.answers.append(Answer(429, {"Retry-After": "7"}, {"message": "slow down"}))

    assert post(receiver, "/v1/traces", of_spans(SPAN)) == (429, {"message": "slow down"})
    assert post(receiver, "/v1/traces", of_spans(SPAN)) == (200, {})
    assert len(receiver.received.spans) == 1
