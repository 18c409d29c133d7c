"""Alarms and saved queries: small, complete and within the idle budget."""

import json
import re

from local.observing.objectives import OBJECTIVES
from tests.contract.template.stack import JsonObject, Stack
from tests.contract.template.written import metrics_written

ALARM_USD_A_MONTH = 0.10
SECRET_USD_A_MONTH = 0.40
POLLED_QUEUE_USD_A_MONTH = 0.26  # five pollers, a receive of 20 seconds each, at 0.40 USD a million
IDLE_BUDGET_USD_A_MONTH = 3.50


def _of(observability: JsonObject, wanted: str) -> dict[str, JsonObject]:
    return {
        name: each["Properties"]
        for name, each in observability["Resources"].items()
        if each["Type"] == f"AWS::{wanted}"
    }


def test_an_idle_stack_stays_within_its_budget(stack: Stack, observability: JsonObject) -> None:
    alarms = sum(
        each["Type"] == "AWS::CloudWatch::Alarm" and "Condition" not in each
        for each in observability["Resources"].values()
    )
    secrets = len(stack.of_type("SecretsManager::Secret"))
    queues = {name for name, each in stack.of_type("SQS::Queue").items() if "Condition" not in each}
    polled = sum(not name.endswith("Dlq") for name in queues)

    assert (polled, alarms) == (3, 14)
    assert {each.get("Condition") for each in observability["Resources"].values()} == {
        None,
        "HasEmail",
        "HasPageEmail",
        "HasTelemetry",
        "IsFull",
    }
    assert alarms * ALARM_USD_A_MONTH + secrets * SECRET_USD_A_MONTH + polled * POLLED_QUEUE_USD_A_MONTH <= (
        IDLE_BUDGET_USD_A_MONTH
    )
    assert stack.of_type("KMS::Key") == {}


def test_every_alarm_tells_somebody_and_says_why(observability: JsonObject) -> None:
    for name, alarm in _of(observability, "CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}], name
        assert alarm["OKActions"] == [{"Ref": "Alarms"}], name
        said, _, place = alarm["AlarmDescription"]["Fn::Sub"].partition(" ${RunbookUrl}")
        assert (len(said) > 15, place) == (True, f"#{name.lower()}"), name
        assert alarm["TreatMissingData"] == "notBreaching", name


def test_every_alarm_has_one_parent_that_pages(observability: JsonObject) -> None:
    parents = _of(observability, "CloudWatch::CompositeAlarm")
    children = [
        child
        for each in parents.values()
        for child in re.findall(r"\$\{(\w+)\}", json.dumps(each["AlarmRule"]))
        if child != "OfTelemetry"
    ]

    assert sorted(children) == sorted(_of(observability, "CloudWatch::Alarm"))
    assert set(parents) == {"MoneyAlarm", "BehindAlarm", "AnswersAlarm"}
    for name, each in parents.items():
        assert each["AlarmActions"] == each["OKActions"] == [{"Ref": "Pages"}], name
        assert each["AlarmDescription"]["Fn::Sub"].endswith(f"${{RunbookUrl}}#{name.lower()}"), name
        assert not re.search(r" AND |NOT", json.dumps(each["AlarmRule"])), name


def test_the_four_functions_that_call_models_are_watched_each(observability: JsonObject) -> None:
    watched = {
        alarm["Dimensions"][0]["Value"]["Ref"]
        for alarm in _of(observability, "CloudWatch::Alarm").values()
        if alarm["MetricName"] == "Errors" and "Dimensions" in alarm
    }

    assert watched == {"ChatFunction", "ResponsesFunction", "MessagesFunction", "EmbeddingsFunction"}


def test_metrics_of_our_own_are_looked_for_where_they_are_written(observability: JsonObject) -> None:
    own = {
        alarm["MetricName"]: (alarm["Namespace"], alarm["Dimensions"])
        for alarm in _of(observability, "CloudWatch::Alarm").values()
        if not alarm["Namespace"].startswith("AWS/")
    }

    place = ("Aggregator", [{"Name": "service", "Value": {"Ref": "Environment"}}])
    assert own == {
        "UsageLost": place,
        "LedgerFindings": place,
        "LeakFindings": place,
        "PlatformLossNanoUsd": place,
        "AlertsFaults": place,
        "TelemetryLost": place,
    }


def test_the_nested_stacks_get_all_they_ask_for(
    template: JsonObject, observability: JsonObject, objectives: JsonObject, dashboards: JsonObject
) -> None:
    given = {
        name: set(template["Resources"][name]["Properties"]["Parameters"])
        for name in ("ObservabilityStack", "ObjectivesStack", "DashboardsStack")
    }

    assert given["ObservabilityStack"] == set(observability["Parameters"])
    assert given["ObjectivesStack"] == set(objectives["Parameters"])
    assert given["DashboardsStack"] == set(dashboards["Parameters"])


def test_the_emulator_may_do_without(template: JsonObject) -> None:
    assert template["Resources"]["ObservabilityStack"]["Condition"] == "WantsObservability"
    assert template["Resources"]["DashboardsStack"]["Condition"] == "WantsObservability"
    assert template["Resources"]["BusArchive"]["Condition"] == "IsCloud"


def test_every_metric_of_an_alarm_is_written_somewhere(observability: JsonObject) -> None:
    watched = {
        alarm["MetricName"]
        for alarm in _of(observability, "CloudWatch::Alarm").values()
        if alarm["Namespace"] == "Aggregator"
    }
    watched |= {each.metric for each in OBJECTIVES if each.metric}

    assert watched - metrics_written() == set()
