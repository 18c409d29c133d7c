"""What is wrong with telemetry that was written right: the protobufs' own comments say what its values must be.

Sources: opentelemetry-proto, `trace/v1/trace.proto` and `metrics/v1/metrics.proto`; the metrics' data model; the API's
syntax of instrument names.
"""

import re
from collections.abc import Iterable, Iterator

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from local.otlp.reading import Refused

TRACE = "https://github.com/open-telemetry/opentelemetry-proto/blob/v1.10.0/opentelemetry/proto/trace/v1/trace.proto"
METRICS = "https://github.com/open-telemetry/opentelemetry-proto/blob/v1.10.0/opentelemetry/proto/metrics/v1/metrics.proto"
COMMON = "https://github.com/open-telemetry/opentelemetry-proto/blob/v1.10.0/opentelemetry/proto/common/v1/common.proto"
NAMES = "https://opentelemetry.io/docs/specs/otel/metrics/api/#instrument-name-syntax"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-/]{0,254}")


def judge_traces(request: ExportTraceServiceRequest) -> list[Span]:
    """The spans of a request.

    Raises:
        Refused: one of them is not valid, or says what cannot be.
    """
    found: list[Span] = []
    for each in request.resource_spans:
        _unique(each.resource.attributes, "resource")
        for scoped in each.scope_spans:
            for span in scoped.spans:
                _span(span)
                found.append(span)
    return found


def judge_metrics(request: ExportMetricsServiceRequest) -> list[Metric]:
    """The metrics of a request.

    Raises:
        Refused: one of them is not valid, or says what cannot be.
    """
    found: list[Metric] = []
    for each in request.resource_metrics:
        _unique(each.resource.attributes, "resource")
        for scoped in each.scope_metrics:
            for metric in scoped.metrics:
                _metric(metric)
                found.append(metric)
    return found


def _need(holds: bool, where: str, what: str, source: str) -> None:
    if not holds:
        raise Refused(where, what, source)


def _span(span: Span) -> None:
    where = f"span {span.name!r}"
    _need(bool(span.name), "span", "has no name", TRACE)
    _need(
        len(span.trace_id) == 16 and any(span.trace_id),
        where,
        "its traceId is not 16 bytes, or is zero",
        TRACE,
    )
    _need(len(span.span_id) == 8 and any(span.span_id), where, "its spanId is not 8 bytes, or is zero", TRACE)
    _need(len(span.parent_span_id) in (0, 8), where, "its parentSpanId is not 8 bytes", TRACE)
    _need(span.parent_span_id != span.span_id, where, "is its own parent", TRACE)
    _need(0 < span.start_time_unix_nano <= span.end_time_unix_nano, where, "ends before it begins", TRACE)
    _unique(span.attributes, where)
    for event in span.events:
        _need(bool(event.name), where, "an event has no name", TRACE)
        _need(event.time_unix_nano > 0, where, f"its event {event.name!r} has no time", TRACE)
        _unique(event.attributes, f"{where}, event {event.name!r}")
    for link in span.links:
        _need(len(link.trace_id) == 16 and len(link.span_id) == 8, where, "links to no span", TRACE)


def _metric(metric: Metric) -> None:
    where = f"metric {metric.name!r}"
    _need(bool(_NAME.fullmatch(metric.name)), where, "that is no name for a metric", NAMES)
    kind = metric.WhichOneof("data")
    _need(kind is not None, where, "has no data", METRICS)
    if kind in ("histogram", "sum", "exponential_histogram"):
        temporality = getattr(metric, str(kind)).aggregation_temporality
        unspecified = AggregationTemporality.AGGREGATION_TEMPORALITY_UNSPECIFIED
        _need(temporality != unspecified, where, "does not say its temporality", METRICS)
    series: set[tuple[str, ...]] = set()
    points = getattr(metric, str(kind)).data_points
    for point in points:
        _need(point.time_unix_nano > 0, where, "a point has no time", METRICS)
        _need(
            point.start_time_unix_nano <= point.time_unix_nano,
            where,
            "a point ends before it begins",
            METRICS,
        )
        _unique(point.attributes, where)
        key = tuple(sorted(str(each) for each in point.attributes))
        _need(key not in series, where, "has two points of one series", METRICS)
        series.add(key)
    if kind == "histogram":
        for point in metric.histogram.data_points:
            _buckets(point, where)


def _buckets(point: HistogramDataPoint, where: str) -> None:
    bounds, counts = list(point.explicit_bounds), list(point.bucket_counts)
    _need(len(counts) in (0, len(bounds) + 1), where, "has not one bucket more than bounds", METRICS)
    _need(bool(counts) or not bounds, where, "has bounds without buckets", METRICS)
    _need(not counts or sum(counts) == point.count, where, "its buckets do not add up to its count", METRICS)
    _need(bounds == sorted(set(bounds)), where, "its bounds do not rise", METRICS)
    _need(bool(point.count) or not point.sum, where, "has a sum of nothing", METRICS)


def _unique(attributes: Iterable[KeyValue], where: str) -> None:
    keys = [each.key for each in attributes]
    _need(all(keys), where, "an attribute has no name", COMMON)
    _need(len(keys) == len(set(keys)), where, "an attribute comes twice", COMMON)


def plain(attributes: Iterable[KeyValue]) -> dict[str, object]:
    """Attributes as a mapping."""
    return {each.key: _plain(each.value) for each in attributes}


def _plain(value: object) -> object:
    kind = value.WhichOneof("value")  # type: ignore[attr-defined]
    said = getattr(value, kind) if kind else None
    return [_plain(each) for each in said.values] if kind == "array_value" and said else said


def lines(spans: Iterable[Span], metrics: Iterable[Metric]) -> Iterator[str]:
    """A line for each span and metric, to be read."""
    for span in spans:
        took = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
        yield f"span    {span.trace_id.hex()} {span.name}, {took:.0f} ms, {plain(span.attributes)}"
    for metric in metrics:
        kind = str(metric.WhichOneof("data"))
        for point in getattr(metric, kind).data_points:
            what = f"{point.count} of {point.sum:g}" if kind == "histogram" else f"{_amount(point):g}"
            yield f"metric  {metric.name} {what} {metric.unit}, {plain(point.attributes)}"


def _amount(point: NumberDataPoint) -> float:
    return point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
