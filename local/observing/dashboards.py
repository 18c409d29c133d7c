"""Two dashboards: the walk, a row for each step, for whoever is woken; and money, providers and users, for the day.

CloudWatch gives three dashboards of up to 50 metrics to an account for nothing: dev has the first one, prod both.
Questions to the logs and look-ups are no metrics; a question costs what it reads, 0.005 USD a GB, when it is shown.
"""

import json
from typing import Any

from local.observing.graphs import CALLING, Graph, Question, Series
from local.observing.money_sections import SECTIONS
from local.observing.walk_rows import ROWS

JsonObject = dict[str, Any]

LOOK_UPS = (
    ("One request, through all steps", "request"),
    ("A user: balance and last entries", "user"),
    ("Dead letters", "dead_letters"),
)

_WIDE = 24
_HIGH = 6


def walk() -> JsonObject:
    """Body of the dashboard of the walk."""
    widgets = [
        _text(
            "# The walk of a request, a row for each step: rate, errors, latency, saturation\n"
            "What an alarm means and what to do: ${RunbookUrl}",
            y=0,
        )
    ]
    y = 2
    for row in ROWS:
        for n, widget in enumerate((row.rate, row.errors, row.latency, row.saturation)):
            widgets.append(_widget(widget, f"{row.step} · {widget.title}", x=6 * n, y=y, width=6))
        y += _HIGH
    for n, (title, look) in enumerate(LOOK_UPS):
        widgets.append(
            {
                "type": "custom",
                "x": 8 * n,
                "y": y,
                "width": 8,
                "height": 10,
                "properties": {
                    "title": title,
                    "endpoint": "${LookUpFunction}",
                    "params": {"look": look},
                    "updateOn": {"refresh": look == "dead_letters", "resize": False, "timeRange": False},
                },
            }
        )
    return {"start": "-PT6H", "widgets": widgets}


def money() -> JsonObject:
    """Body of the dashboard of money, providers and users."""
    widgets: list[JsonObject] = []
    y = 0
    for section in SECTIONS:
        widgets.append(_text(f"# {section.title}", y=y))
        y += 2
        for n, widget in enumerate(section.widgets):
            widgets.append(_widget(widget, widget.title, x=8 * (n % 3), y=y + _HIGH * (n // 3), width=8))
        y += _HIGH * -(-len(section.widgets) // 3)
    return {"start": "-P7D", "widgets": widgets}


def _text(markdown: str, *, y: int) -> JsonObject:
    properties = {"markdown": markdown}
    return {"type": "text", "x": 0, "y": y, "width": _WIDE, "height": 2, "properties": properties}


def _widget(widget: Graph | Question, title: str, *, x: int, y: int, width: int) -> JsonObject:
    place: JsonObject = {"x": x, "y": y, "width": width, "height": _HIGH}
    if isinstance(widget, Question):
        sources = " | ".join(f"SOURCE '/${{Api}}/{each}'" for each in widget.logs)
        properties = {
            "title": title,
            "region": "${AWS::Region}",
            "view": widget.view,
            "query": f"{sources} | {widget.query}",
        }
        return {"type": "log", **place, "properties": properties}
    drawn: JsonObject = {
        "title": title,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "period": 300,
        "metrics": [_metric(each) for each in widget.series],
    }
    return {"type": "metric", **place, "properties": drawn}


def _metric(series: Series) -> list[Any]:
    named = [each for dimension in series.dimensions for each in dimension]
    drawn = {"stat": series.stat} | ({"label": series.label} if series.label else {})
    return [series.namespace, series.metric, *named, drawn]


PARAMETERS = (
    "Environment",
    "Api",
    "StageName",
    "RunbookUrl",
    "AuthorizerFunction",
    *(f"{each}Function" for each in CALLING),
    "SettleFunction",
    "PublishFunction",
    "RecordFunction",
    "LookUpFunction",
    "OrchestratorTable",
    "BillingTable",
    "BillingUsageQueue",
    "BillingUsageDlq",
    "AnalyticsEventsQueue",
    "AnalyticsEventsDlq",
    "StreamDlq",
    "Observability",
)


def template() -> JsonObject:
    """The nested template."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Dashboards of the AI Aggregator Platform.",
        "Parameters": {name: {"Type": "String"} for name in PARAMETERS},
        "Conditions": {
            "HasMoney": {
                "Fn::Or": [
                    {"Fn::Equals": [{"Ref": "Environment"}, "prod"]},
                    {"Fn::Equals": [{"Ref": "Observability"}, "full"]},
                ]
            }
        },
        "Resources": {
            "WalkDashboard": _dashboard("${Api}", walk()),
            "MoneyDashboard": _dashboard("${Api}-money", money()) | {"Condition": "HasMoney"},
        },
    }


def _dashboard(name: str, body: JsonObject) -> JsonObject:
    widgets = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in body["widgets"])
    text = f'{{"start": "{body["start"]}", "widgets": [\n{widgets}\n]}}\n'
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardName": {"Fn::Sub": name}, "DashboardBody": {"Fn::Sub": text}},
    }
