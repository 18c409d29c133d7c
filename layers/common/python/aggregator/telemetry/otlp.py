"""OTLP's JSON: how values, spans and points are written.

Ids in hex, 64-bit integers as decimal strings, enums as their numbers, names in lowerCamelCase.
Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and opentelemetry-proto 1.10.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

JsonObject = dict[str, Any]
Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value | None]

SPAN_KIND_CLIENT = 3
STATUS_ERROR = 2
DELTA = 1


def attributes(said: Attributes) -> list[JsonObject]:
    """Key and value pairs; what is None is left out."""
    return [{"key": key, "value": _value(value)} for key, value in said.items() if value is not None]


def nanoseconds(epoch_milliseconds: int) -> str:
    """A moment as OTLP has it."""
    return str(epoch_milliseconds * 1_000_000)


def histogram_point(
    said: Attributes, values: Sequence[float], bounds: Sequence[float], *, start_ms: int, end_ms: int
) -> JsonObject:
    """One point of a histogram: how many of `values` fall under each bound, which itself is within its bucket."""
    buckets = [0] * (len(bounds) + 1)
    for value in values:
        buckets[bisect_left(bounds, value)] += 1
    return {
        "attributes": attributes(said),
        "startTimeUnixNano": nanoseconds(start_ms),
        "timeUnixNano": nanoseconds(end_ms),
        "count": str(len(values)),
        "sum": float(sum(values)),
        "bucketCounts": [str(count) for count in buckets],
        "explicitBounds": list(bounds),
        "min": float(min(values)),
        "max": float(max(values)),
    }


def histogram(name: str, unit: str, points: Iterable[JsonObject]) -> JsonObject:
    """A metric of deltas: each point is what happened since nobody asked, and is added up by whoever reads it."""
    told = {"aggregationTemporality": DELTA, "dataPoints": list(points)}
    return {"name": name, "unit": unit, "histogram": told}


def counter(name: str, unit: str, points: Iterable[JsonObject]) -> JsonObject:
    """The same for an amount that only grows."""
    told = {"aggregationTemporality": DELTA, "isMonotonic": True, "dataPoints": list(points)}
    return {"name": name, "unit": unit, "sum": told}


def counter_point(said: Attributes, amount: float, *, start_ms: int, end_ms: int) -> JsonObject:
    """One point of it."""
    return {
        "attributes": attributes(said),
        "startTimeUnixNano": nanoseconds(start_ms),
        "timeUnixNano": nanoseconds(end_ms),
        "asDouble": amount,
    }


def _value(value: Value) -> JsonObject:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [_value(each) for each in value]}}
