"""What a running stack keeps of its objectives, from lines of its functions' logs."""

import json
from typing import Any

from local.observing.measured import parsed, report

JsonObject = dict[str, Any]


def metric(name: str, *values: float) -> JsonObject:
    return {"_aws": {}, "service": "local", name: list(values)}


def request(status: int) -> JsonObject:
    return {"level": "INFO", "message": "request", "status": status, "duration_ms": 3.1}


def rows(*lines: JsonObject) -> tuple[bool, dict[str, list[str]]]:
    kept, text = report(lines)
    return kept, {line.split()[0]: line.split()[1:] for line in text.splitlines()[1:]}


def test_each_objective_is_counted_from_what_functions_logged() -> None:
    kept, said = rows(
        *[request(200)] * 999,
        request(402),
        metric("AddedLatencyMs", *[4.0] * 98, 100.0, 100.0),
        metric("SettleLagMs", 1_400, 1_700),
        metric("SettleLagMs", 60_000),
        metric("RecordLagMs", 2_900),
    )

    assert kept
    assert said["Availability"][:3] == ["99.9%", "100.00%", "1000"]
    assert said["AddedLatency"][:5] == ["99.0%", "100.00%", "100", "4", "100"]
    assert said["SettleLag"][:5] == ["99.0%", "100.00%", "3", "1700", "60000"]
    assert said["RecordLag"][:5] == ["99.0%", "100.00%", "1", "2900", "2900"]


def test_one_that_is_not_kept_is_said_so() -> None:
    kept, said = rows(request(200), request(503), metric("SettleLagMs", 60_001))

    assert not kept
    assert said["Availability"][1:3] == ["50.00%", "2"]
    assert "NOT" in said["Availability"]
    assert "NOT" in said["SettleLag"]
    assert "NOT" not in said["RecordLag"]


def test_what_nobody_asked_breaks_no_promise() -> None:
    kept, said = rows()

    assert kept
    assert said["Availability"] == ["99.9%", "-", "0"]


def test_a_line_that_is_no_json_object_is_passed_over() -> None:
    lines = ["START RequestId: 1", "[1]", json.dumps(request(200)), ""]

    assert parsed(lines) == [request(200)]
