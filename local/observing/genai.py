"""The dashboard of what telemetry sends, for Grafana over Prometheus: requests as the GenAI conventions tell them.

Names are Prometheus' own for OTLP's: dots become underscores, the unit and what the number is come last.
Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from aggregator.telemetry import conventions as name

JsonObject = dict[str, Any]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_HIGH, _WIDE, _ACROSS = 8, 8, 3
_OVER = "[$__rate_interval]"


class Panel(NamedTuple):
    """A graph: what it asks, by which labels it is told apart, in which of Grafana's units."""

    title: str
    ask: str
    by: str
    unit: str


def label(attribute: str) -> str:
    """An attribute as a label."""
    return attribute.replace(".", "_")


def series(metric: str, behind: str) -> str:
    """A metric as Prometheus has it: `behind` is its unit and its kind."""
    return f"{metric.replace('.', '_')}_{behind}"


def _p95(metric: str, by: str) -> str:
    return f"histogram_quantile(0.95, sum by (le, {by}) (rate({series(metric, 'seconds_bucket')}{_OVER})))"


def _panels() -> Iterator[Panel]:
    model, provider = label(name.REQUEST_MODEL), label(name.PROVIDER)
    error, tokens = label(name.ERROR_TYPE), label(name.TOKEN_TYPE)
    requests = series(name.SERVER_DURATION, "seconds_count")
    spoken = series(name.TOKEN_USAGE, "sum")
    yield Panel("requests a second", f"sum by ({model}) (rate({requests}{_OVER}))", model, "reqps")
    yield Panel(
        "errors, of all",
        f'sum by ({error}) (rate({requests}{{{error}!=""}}{_OVER})) / ignoring ({error}) group_left '
        f"sum (rate({requests}{_OVER}))",
        error,
        "percentunit",
    )
    yield Panel("whole answer, p95", _p95(name.SERVER_DURATION, model), model, "s")
    yield Panel("first word for clients, p95", _p95(name.SERVER_FIRST_TOKEN, model), model, "s")
    yield Panel("first word from providers, p95", _p95(name.CLIENT_FIRST_CHUNK, provider), provider, "s")
    yield Panel("a token, p95", _p95(name.SERVER_PER_TOKEN, model), model, "s")
    yield Panel("tokens a second", f"sum by ({tokens}) (rate({spoken}{_OVER}))", tokens, "short")
    yield Panel("tokens a second, by model", f"sum by ({model}) (rate({spoken}{_OVER}))", model, "short")
    charged = series(name.COST_METRIC, "USD_total")
    yield Panel(
        "charged an hour", f"3600 * sum by ({provider}) (rate({charged}{_OVER}))", provider, "currencyUSD"
    )


def dashboard() -> JsonObject:
    """The file's content."""
    return {
        "__inputs": [],
        "__requires": [{"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"}],
        "title": "AI Aggregator: requests by OpenTelemetry",
        "uid": "ai-aggregator-genai",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "tags": ["ai-aggregator"],
        "annotations": {"list": []},
        "links": [],
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Data source",
                    "type": "datasource",
                    "query": "prometheus",
                    "current": {},
                }
            ]
        },
        "panels": [_drawn(each, number) for number, each in enumerate(_panels())],
    }


def text() -> str:
    """The file."""
    return json.dumps(dashboard(), indent=2) + "\n"


def _drawn(panel: Panel, number: int) -> JsonObject:
    place = {
        "h": _HIGH,
        "w": _WIDE,
        "x": _WIDE * (number % _ACROSS),
        "y": _HIGH * (number // _ACROSS),
    }
    target = {
        "refId": "A",
        "datasource": SOURCE,
        "expr": panel.ask,
        "legendFormat": f"{{{{{panel.by}}}}}",
        "range": True,
    }
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 8, "showPoints": "never"}},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi"},
        },
        "targets": [target],
    }
