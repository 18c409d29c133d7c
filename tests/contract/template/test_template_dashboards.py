"""Dashboards: made from data, complete, without overlaps, and over what is there and written."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from aggregator.health.look_up import look_up
from local.observing import grafana
from local.observing.dashboards import LOOK_UPS, money, walk
from local.observing.graphs import CALLING, Graph, Question
from local.observing.money_sections import SECTIONS
from local.observing.walk_rows import ROWS
from tests.contract.template.stack import JsonObject, Stack
from tests.contract.template.written import code, metrics_written
from tests.fakes.look_ups import NOTHING

ROOT = Path(__file__).parents[3]
BODIES = {"walk": walk(), "money": money()}


def _graphs() -> Iterator[Graph | Question]:
    for row in ROWS:
        yield from (row.rate, row.errors, row.latency, row.saturation)
    for section in SECTIONS:
        yield from section.widgets


QUESTIONS = [each for each in _graphs() if isinstance(each, Question)]
SERIES = [series for each in _graphs() if isinstance(each, Graph) for series in each.series]


def test_every_step_of_the_walk_has_a_row_of_rate_errors_latency_and_saturation() -> None:
    assert [row.step for row in ROWS] == [
        "door: all answers",
        "1 authorise",
        "2 route",
        "3 reserve",
        "4 call",
        "5 emit",
        "6 settle",
        "7 publish and record",
    ]


def test_the_functions_that_call_models_are_drawn_each() -> None:
    (call,) = (row for row in ROWS if row.step == "4 call")

    for graph in (call.rate, call.errors, call.latency):
        assert isinstance(graph, Graph)
        assert [series.label for series in graph.series] == list(CALLING)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_widget_lies_over_another_or_beside_the_page(body: JsonObject) -> None:
    for each in body["widgets"]:
        assert 0 <= each["x"] < each["x"] + each["width"] <= 24
    for one, other in combinations(body["widgets"], 2):
        apart = (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
        assert apart, (one, other)


def test_what_is_checked_in_is_json_and_names_parameters_that_there_are(dashboards: JsonObject) -> None:
    for name, each in dashboards["Resources"].items():
        text = each["Properties"]["DashboardBody"]["Fn::Sub"]
        named = set(re.findall(r"\$\{([^}]+)\}", text))
        assert named - {"AWS::Region"} <= set(dashboards["Parameters"]), name
        assert json.loads(text)["widgets"], name


def test_every_metric_of_our_own_is_written_somewhere() -> None:
    drawn = {series.metric for series in SERIES if series.namespace == "Aggregator"}

    assert drawn - metrics_written() == set()
    assert len(drawn) > 15


def test_every_line_that_is_asked_for_is_logged_somewhere() -> None:
    asked = {
        message
        for each in QUESTIONS
        for part in re.findall(r"message (?:=|in) (\[[^\]]+\]|\"[^\"]+\")", each.query)
        for message in re.findall(r'"([^"]+)"', part)
    }

    assert {message for message in asked if f'"{message}"' not in code()} == set()
    assert asked >= {"usage", "refused"}


def test_every_log_group_that_is_asked_is_one_of_the_stack(stack: Stack) -> None:
    groups = {
        each["Properties"]["LogGroupName"]["Fn::Sub"].removeprefix("/${AWS::StackName}/")
        for each in stack.of_type("Logs::LogGroup").values()
    }

    assert {log for each in QUESTIONS for log in each.logs} <= groups


def test_grafana_draws_the_same_graphs_from_the_same_data() -> None:
    checked_in = (ROOT / "docs" / "grafana" / "dashboard.json").read_text(encoding="utf-8")
    shown = {
        (target["namespace"], target["metricName"])
        for panel in json.loads(checked_in)["panels"]
        for target in panel.get("targets", [])
    }

    assert checked_in == grafana.text(), "python -m local.observing writes it"
    assert shown == {(series.namespace, series.metric) for series in SERIES}


def test_the_widgets_ask_the_look_up_function_for_what_it_knows() -> None:
    custom = [each["properties"] for each in BODIES["walk"]["widgets"] if each["type"] == "custom"]

    assert [each["endpoint"] for each in custom] == ["${LookUpFunction}"] * len(LOOK_UPS)
    for each in custom:
        assert "nothing to look up" not in look_up(each["params"], "arn", NOTHING)
