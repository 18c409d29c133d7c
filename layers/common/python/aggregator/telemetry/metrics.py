"""Metrics: the conventions' histograms and the money, added up over what goes out together.

What the platform is to providers, a client, is `gen_ai.client.*`; what it is to those who call it, `gen_ai.server.*`.
No metric is by user or key: that would be a series for each.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aggregator.telemetry import conventions as name
from aggregator.telemetry.otlp import (
    Attributes,
    JsonObject,
    attributes,
    counter,
    counter_point,
    histogram,
    histogram_point,
)
from aggregator.telemetry.request_end import RequestEnd

_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Histogram:
    """A metric: its value for a request (None for those it does not count), and what its series are told apart by."""

    name: str
    unit: str
    bounds: Sequence[float]
    value: Callable[[RequestEnd], float | None]
    with_errors: bool = False
    more: tuple[tuple[str, str], ...] = ()


def metrics(ends: Sequence[RequestEnd], resource: Attributes, scope: JsonObject) -> JsonObject:
    """An ExportMetricsServiceRequest of requests that lie close together; at least one."""
    span = {
        "start_ms": min(end.start_ms for end in ends),
        "end_ms": max(end.end_ms for end in ends),
    }
    told: dict[str, JsonObject] = {}
    for each in _HISTOGRAMS:
        points = [
            histogram_point(dict(key), values, each.bounds, **span)
            for key, values in _series(each, ends).items()
        ]
        if not points:
            continue
        made = told.setdefault(each.name, histogram(each.name, each.unit, []))
        made["histogram"]["dataPoints"] += points
    told[name.COST_METRIC] = counter(name.COST_METRIC, "USD", _costs(ends, span))
    scoped = {"scope": scope, "metrics": list(told.values()), "schemaUrl": name.SCHEMA}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(resource)}, "scopeMetrics": [scoped]}]}


def _series(
    one: _Histogram, ends: Iterable[RequestEnd]
) -> dict[tuple[tuple[str, str | None], ...], list[float]]:
    found: dict[tuple[tuple[str, str | None], ...], list[float]] = defaultdict(list)
    for end in ends:
        if (value := one.value(end)) is not None:
            errors = ((name.ERROR_TYPE, end.error),) if one.with_errors else ()
            found[(*_told_apart(end), *errors, *one.more)].append(value)
    return found


def _costs(ends: Iterable[RequestEnd], span: dict[str, int]) -> list[JsonObject]:
    found: dict[tuple[tuple[str, str | None], ...], int] = defaultdict(int)
    for end in ends:
        found[_told_apart(end)] += end.event.cost_nano_usd
    return [counter_point(dict(key), amount / _NANO, **span) for key, amount in found.items()]


def _told_apart(end: RequestEnd) -> tuple[tuple[str, str | None], ...]:
    return (
        (name.OPERATION, end.operation),
        (name.PROVIDER, end.provider),
        (name.REQUEST_MODEL, end.event.model),
        (name.RESPONSE_MODEL, end.response_model),
    )


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _first_chunk(end: RequestEnd) -> float | None:
    return _seconds(end.event.provider_ms) if end.event.stream and end.answered else None


def _first_token(end: RequestEnd) -> float | None:
    """Of a plain answer the first token comes with the last, and its time says nothing."""
    return _seconds(end.event.time_to_first_token_ms) if end.event.stream and end.error is None else None


def _per_token(end: RequestEnd) -> float | None:
    first, tokens = _first_token(end), end.event.usage.output_tokens
    if first is None or tokens < 2:
        return None
    return max(0.0, end.event.latency_ms / 1000 - first) / (tokens - 1)


_HISTOGRAMS = (
    _Histogram(
        name.TOKEN_USAGE,
        "{token}",
        name.TOKEN_BOUNDS,
        lambda end: float(end.event.usage.input_tokens) if end.answered else None,
        more=((name.TOKEN_TYPE, name.INPUT),),
    ),
    _Histogram(
        name.TOKEN_USAGE,
        "{token}",
        name.TOKEN_BOUNDS,
        lambda end: (
            float(end.event.usage.output_tokens) if end.answered and end.operation == name.CHAT else None
        ),
        more=((name.TOKEN_TYPE, name.OUTPUT),),
    ),
    _Histogram(
        name.CLIENT_DURATION,
        "s",
        name.SECONDS_BOUNDS,
        lambda end: end.event.latency_ms / 1000,
        with_errors=True,
    ),
    _Histogram(name.CLIENT_FIRST_CHUNK, "s", name.SECONDS_BOUNDS, _first_chunk),
    _Histogram(
        name.SERVER_DURATION,
        "s",
        name.SECONDS_BOUNDS,
        lambda end: end.event.latency_ms / 1000,
        with_errors=True,
    ),
    _Histogram(name.SERVER_FIRST_TOKEN, "s", name.FIRST_TOKEN_BOUNDS, _first_token),
    _Histogram(name.SERVER_PER_TOKEN, "s", name.PER_TOKEN_BOUNDS, _per_token),
)
