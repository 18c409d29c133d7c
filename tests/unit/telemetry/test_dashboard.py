"""Grafana's dashboard of telemetry asks for series that telemetry sends, by labels that they have."""

import json
import re
from pathlib import Path
from typing import Any

from aggregator.telemetry.metrics import metrics
from local.observing import genai
from tests.unit.telemetry.telemetry_world import end

FILE = Path(__file__).parents[3] / "docs" / "grafana" / "genai.json"


def sent() -> dict[str, set[str]]:
    """All series of a stream that failed and of one that did not, as Prometheus names them, with their labels."""
    ends = [end(stream=True), end(requestId="b", stream=True, outcome="provider_cut")]
    said = metrics(ends, {}, {})["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    found: dict[str, set[str]] = {}
    for each in said:
        points = (each.get("histogram") or each["sum"])["dataPoints"]
        labels = {pair["key"].replace(".", "_") for point in points for pair in point["attributes"]}
        for name in _names(each):
            found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


def _names(metric: dict[str, Any]) -> list[str]:
    """Source: OpenTelemetry's specification of how its metrics become Prometheus'."""
    plain = metric["name"].replace(".", "_")
    if "sum" in metric:
        return [f"{plain}_{metric['unit']}_total"]
    behind = {"s": "_seconds", "{token}": ""}[metric["unit"]]
    return [f"{plain}{behind}_{kind}" for kind in ("bucket", "count", "sum")]


def test_the_file_is_as_it_is_made() -> None:
    assert FILE.read_text(encoding="utf-8") == genai.text(), "python -m local.observing writes it"


def test_it_asks_for_what_is_sent_and_tells_it_apart_by_what_it_has() -> None:
    known = sent()
    asked: set[str] = set()
    for panel in json.loads(FILE.read_text(encoding="utf-8"))["panels"]:
        (target,) = panel["targets"]
        names = set(re.findall(r"\b(?:gen_ai|aggregator)_\w+(?=[\[{])", target["expr"]))
        by = set(re.findall(r"\w+", re.search(r"by \(([^)]*)\)", target["expr"])[1]))  # type: ignore[index]
        assert names, panel["title"]
        for name in names:
            assert by <= known[name], (panel["title"], name)
        assert target["legendFormat"].strip("{}") in by
        asked |= names
    assert {re.sub(r"_(seconds_)?(bucket|count|sum|USD_total)$", "", name) for name in asked} == {
        "gen_ai_client_token_usage",
        "gen_ai_client_operation_time_to_first_chunk",
        "gen_ai_server_request_duration",
        "gen_ai_server_time_to_first_token",
        "gen_ai_server_time_per_output_token",
        "aggregator_cost",
    }
