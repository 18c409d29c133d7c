"""The same graphs for Grafana, as one dashboard file over CloudWatch; questions and look-ups are CloudWatch's own."""

import json
import re
from collections.abc import Iterator
from typing import Any

from local.observing.graphs import Graph, Series
from local.observing.money_sections import SECTIONS
from local.observing.walk_rows import ROWS

JsonObject = dict[str, Any]

SOURCE = {"type": "cloudwatch", "uid": "${datasource}"}
_HIGH = 8
_LOGICAL = {
    "AuthorizerFunction": "AuthAuthorizerFunction",
    "ChatFunction": "ProxyCreateChatCompletion",
    "ResponsesFunction": "ProxyCreateResponse",
    "MessagesFunction": "ProxyCreateMessage",
    "EmbeddingsFunction": "ProxyCreateEmbedding",
    "SettleFunction": "BillingSettleUsage",
    "PublishFunction": "BillingPublishTransactions",
    "RecordFunction": "AnalyticsRecordEvents",
}
"""How the physical name of each goes on behind the stack's; long ones are cut by CloudFormation."""
_KNOWN = {"Api": "stack", "StageName": "stage", "Environment": "environment"}
_LISTS = {
    "Function": ("AWS/Lambda", "Invocations", "FunctionName"),
    "Table": ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName"),
    "Queue": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    "Dlq": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
}


def dashboard() -> JsonObject:
    """The file's content."""
    panels = list(_panels())
    named = sorted(set(re.findall(r"\$([A-Z]\w+)", json.dumps(panels))))
    return {
        "__inputs": [],
        "__requires": [{"type": "datasource", "id": "cloudwatch", "name": "CloudWatch", "version": "1.0.0"}],
        "title": "AI Aggregator",
        "uid": "ai-aggregator",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "tags": ["ai-aggregator"],
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": [*_given(), *(_listed(name) for name in named)]},
        "panels": panels,
    }


def _given() -> Iterator[JsonObject]:
    yield {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "cloudwatch",
        "current": {},
    }
    yield {
        "name": "region",
        "label": "Region",
        "type": "query",
        "datasource": SOURCE,
        "query": "regions()",
        "refresh": 1,
        "current": {},
    }
    for name, value in (("stack", "ai-aggregator-dev"), ("stage", "api"), ("environment", "dev")):
        current = {"text": value, "value": value}
        yield {
            "name": name,
            "label": name.capitalize(),
            "type": "textbox",
            "query": value,
            "current": current,
        }


def _listed(name: str) -> JsonObject:
    """A variable with the physical name of a resource, found by how it begins."""
    kind = next(kind for kind in _LISTS if name.endswith(kind))
    return {
        "name": name,
        "type": "query",
        "hide": 2,
        "datasource": SOURCE,
        "query": f"dimension_values($region, {', '.join(_LISTS[kind])})",
        "regex": f"/^$stack-{_LOGICAL.get(name, name)}-?/",
        "refresh": 1,
        "current": {},
    }


def _panels() -> Iterator[JsonObject]:
    number, y = 0, 0
    rows: list[tuple[str, list[Graph]]] = [
        (
            row.step,
            [each for each in (row.rate, row.errors, row.latency, row.saturation) if isinstance(each, Graph)],
        )
        for row in ROWS
    ]
    rows += [(each.title, [one for one in each.widgets if isinstance(one, Graph)]) for each in SECTIONS]
    for title, graphs in rows:
        if not graphs:
            continue
        number += 1
        place = {"h": 1, "w": 24, "x": 0, "y": y}
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": place,
            "panels": [],
        }
        y += 1
        for n, graph in enumerate(graphs):
            number += 1
            yield _panel(graph, number, x=6 * (n % 4), y=y + _HIGH * (n // 4))
        y += _HIGH * -(-len(graphs) // 4)


def _panel(graph: Graph, number: int, *, x: int, y: int) -> JsonObject:
    return {
        "id": number,
        "type": "timeseries",
        "title": graph.title,
        "datasource": SOURCE,
        "gridPos": {"h": _HIGH, "w": 6, "x": x, "y": y},
        "fieldConfig": {
            "defaults": {
                "unit": graph.unit,
                "min": 0,
                "custom": {"fillOpacity": 8, "showPoints": "never"},
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi"},
        },
        "targets": [_target(each, chr(ord("A") + n)) for n, each in enumerate(graph.series)],
    }


def _target(series: Series, letter: str) -> JsonObject:
    return {
        "refId": letter,
        "datasource": SOURCE,
        "queryMode": "Metrics",
        "metricQueryType": 0,
        "metricEditorMode": 0,
        "region": "${region}",
        "namespace": series.namespace,
        "metricName": series.metric,
        "dimensions": {name: [_variable(value)] for name, value in series.dimensions},
        "matchExact": True,
        "statistic": series.stat,
        "period": "300",
        "label": series.label or series.metric,
        "expression": "",
        "id": "",
        "hide": False,
    }


def _variable(value: str) -> str:
    found = re.fullmatch(r"\$\{(\w+)\}", value)
    return f"${_KNOWN.get(found[1], found[1])}" if found else value


def text() -> str:
    """The file."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"
