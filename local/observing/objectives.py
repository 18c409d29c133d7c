"""Objectives, and the alarms that say how fast their budgets burn: several windows, several rates.

Source: Google, "The Site Reliability Workbook", chapter 5, "Alerting on SLOs": a rate over a long window tells that it
matters, the same rate over a twelfth of it that it still goes on. A budget is what may go wrong in 30 days; at a rate
of 1 it lasts exactly that long. CloudWatch takes metrics of one period in an expression, so each window is an alarm of
its own, and a composite alarm joins them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]

FEWEST_BAD = 5
"""Bad requests in the long window under which nothing is said: one of ten at night is a tenth, and no news."""

NAMESPACE = "Aggregator"


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a budget burns where somebody must hear of it, and the windows that show it, in seconds."""

    name: str
    times: float
    long: int
    short: int


RATES = (Rate("Fast", 14.4, 3_600, 300), Rate("Slow", 6.0, 21_600, 1_800))
"""Two hundredths of the month's budget in an hour; five hundredths in six hours."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What is promised: `target_percent` of all are good. `within_ms` is what makes a time of `metric` a good one.

    Without `metric` it is the share of answers of API Gateway that are no 5xx.
    """

    name: str
    promise: str
    target_percent: float
    metric: str | None = None
    within_ms: int = 0

    @property
    def budget_percent(self) -> float:
        """What may go wrong."""
        return round(100 - self.target_percent, 6)


OBJECTIVES = (
    Objective("Availability", "requests are answered, by whatever but a 5xx", 99.9),
    Objective(
        "AddedLatency",
        "answers lose at most 100 ms to the platform before their first word",
        99.0,
        "AddedLatencyMs",
        100,
    ),
    Objective("SettleLag", "requests are charged within 60 s of their end", 99.0, "SettleLagMs", 60_000),
    Objective(
        "RecordLag", "requests are in the metrics within 120 s of their end", 99.0, "RecordLagMs", 120_000
    ),
)


def resources() -> JsonObject:
    """The alarms of all objectives as resources of a template, by logical id."""
    made: JsonObject = {}
    for objective in OBJECTIVES:
        for rate in RATES:
            for window in ("Long", "Short"):
                made[f"{objective.name}{rate.name}{window}Alarm"] = _alarm(objective, rate, window)
        made[f"{objective.name}BurnAlarm"] = _composite(objective)
    return made


def _alarm(objective: Objective, rate: Rate, window: str) -> JsonObject:
    seconds = rate.long if window == "Long" else rate.short
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": {
                "Fn::Sub": f"Part of {objective.name}BurnAlarm: its budget burns over {rate.times:g} times too fast, "
                f"over {_spoken(seconds)}. ${{RunbookUrl}}#{objective.name.lower()}burnalarm"
            },
            "Metrics": list(_metrics(objective, seconds, floor=window == "Long")),
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": rate.times,
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
        },
    }


def _composite(objective: Objective) -> JsonObject:
    both = [
        f'(ALARM("${{{objective.name}{rate.name}LongAlarm}}") AND ALARM("${{{objective.name}{rate.name}ShortAlarm}}"))'
        for rate in RATES
    ]
    return {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {
            "AlarmDescription": {
                "Fn::Sub": f"{objective.target_percent:g} % of {objective.promise}: the budget of the month burns too "
                f"fast, and still does. ${{RunbookUrl}}#{objective.name.lower()}burnalarm"
            },
            "AlarmRule": {"Fn::Sub": " OR ".join(both)},
            "AlarmActions": [{"Ref": "PageTopic"}],
            "OKActions": [{"Ref": "PageTopic"}],
        },
    }


def _metrics(objective: Objective, seconds: int, *, floor: bool) -> Iterator[JsonObject]:
    """What is read, and the rate at which the budget burns; with a floor under the number of bad requests."""
    if objective.metric is None:
        yield _stat("requests", "Count", seconds, "Sum")
        yield _stat("bad", "5XXError", seconds, "Sum")
        burn, bad = f"bad / requests * 100 / {objective.budget_percent:g}", "bad"
    else:
        yield _stat("good", objective.metric, seconds, f"PR(:{objective.within_ms})")
        if floor:
            yield _stat("requests", objective.metric, seconds, "SampleCount")
        burn, bad = f"(100 - good) / {objective.budget_percent:g}", "requests * (100 - good) / 100"
    expression = f"IF({bad} >= {FEWEST_BAD}, {burn}, 0)" if floor else burn
    yield {"Id": "burn", "Expression": expression, "Label": "times too fast", "ReturnData": True}


_API = [
    {"Name": "ApiName", "Value": {"Ref": "Api"}},
    {"Name": "Stage", "Value": {"Ref": "StageName"}},
]
_SERVICE = [{"Name": "service", "Value": {"Ref": "Environment"}}]


def _stat(name: str, metric: str, seconds: int, stat: str) -> JsonObject:
    """One metric to read: of ours, where its name is one of ours."""
    of_the_api = metric in {"Count", "5XXError"}
    found = {
        "Namespace": "AWS/ApiGateway" if of_the_api else NAMESPACE,
        "MetricName": metric,
        "Dimensions": _API if of_the_api else _SERVICE,
    }
    return {"Id": name, "MetricStat": {"Metric": found, "Period": seconds, "Stat": stat}, "ReturnData": False}


def _spoken(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds >= 3_600 else f"{seconds // 60} min"


def template() -> JsonObject:
    """The nested template."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Objectives of the AI Aggregator Platform, and how fast their budgets burn.",
        "Parameters": {
            name: {"Type": "String"}
            for name in ("Environment", "Api", "StageName", "PageTopic", "RunbookUrl")
        },
        "Resources": resources(),
    }
