"""The hot functions' log: one JSON line each, and metrics in CloudWatch's embedded format."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.runtime import log


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_line_is_one_json_object_with_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("one", request_id="r1")
    log.warning("two\nlines", n=2)
    log.error("three", deep={"a": [1]})

    said = lines(capsys)
    assert [(line["level"], line["message"]) for line in said] == [
        ("INFO", "one"),
        ("WARNING", "two\nlines"),
        ("ERROR", "three"),
    ]
    assert (said[0]["request_id"], said[1]["n"], said[2]["deep"]) == ("r1", 2, {"a": [1]})
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["timestamp"]) for line in said)


def test_what_is_no_json_is_written_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("at", moment=datetime(2026, 11, 23, tzinfo=UTC))

    assert lines(capsys)[0]["moment"] == "2026-11-23 00:00:00+00:00"


def test_a_count_is_a_metric_of_its_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "dev")

    log.count("UsageLost", 3)

    (line,) = lines(capsys)
    (metric,) = line["_aws"]["CloudWatchMetrics"]
    assert (line["UsageLost"], line["service"]) == (3, "dev")
    assert metric == {
        "Namespace": "Aggregator",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "UsageLost", "Unit": "Count"}],
    }
    assert line["_aws"]["Timestamp"] > 1_700_000_000_000


def test_both_kinds_of_function_write_into_one_namespace() -> None:
    from aggregator.runtime import observability  # noqa: PLC0415 - Powertools is not for the hot functions

    assert log.NAMESPACE == observability.NAMESPACE


def test_a_trace_names_places_and_quotes_nothing() -> None:
    try:
        _inner("the prompt")
    except ValueError as failed:
        trace = log.trace_of(failed)

    assert trace[0] == "ValueError"
    assert re.fullmatch(r"test_log\.py:\d+ _inner", trace[-1])
    assert "the prompt" not in json.dumps(trace)


def _inner(secret: str) -> None:
    raise ValueError(secret)


@pytest.mark.parametrize(
    ("least", "said"),
    [
        ("DEBUG", ["INFO", "WARNING", "ERROR"]),
        ("INFO", ["INFO", "WARNING", "ERROR"]),
        ("WARN", ["WARNING", "ERROR"]),
        ("WARNING", ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"]),
    ],
)
def test_lines_below_the_level_are_not_said_and_metrics_always_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], least: str, said: list[str]
) -> None:
    monkeypatch.setattr(log, "_LEAST", log.place_of(least))

    log.info("one")
    log.warning("two")
    log.error("three")
    log.count("UsageLost")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["level"] for line in lines if "level" in line] == said
    assert lines[-1]["UsageLost"] == 1


@pytest.mark.parametrize(
    ("least", "said"), [("INFO", ["INFO", "WARNING"]), ("WARN", ["WARNING"]), ("ERROR", [])]
)
def test_the_cold_functions_heed_the_level_too_whatever_lambda_filters(least: str, said: list[str]) -> None:
    script = (
        "from aggregator.runtime.observability import logger, count, flush;"
        "logger.info('one'); logger.warning('two'); count('UsageLate'); flush()"
    )
    environment = {**os.environ, "LOG_LEVEL": least, "AWS_LAMBDA_LOG_LEVEL": "INFO"}

    ran = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )

    said_lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["level"] for line in said_lines if "level" in line] == said
    assert "UsageLate" in said_lines[-1]
