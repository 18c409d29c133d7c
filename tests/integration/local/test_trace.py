"""`make trace`: what the logs of each step say of one request, in the order of the walk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local import trace

WORD = "0d672930-faca-47b7-b174-2797b7d896eb"
CAME_MS = 1_795_843_235_948
REQUEST = f"{CAME_MS:012x}-{WORD}"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("logs")
        monkeypatch.setattr(trace, "_running", lambda: client)
        yield client


def logged(logs: Any, group: str, *lines: tuple[int, str]) -> None:
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    events = [{"timestamp": CAME_MS + after, "message": message} for after, message in lines]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def test_each_step_says_what_it_logged_of_it_and_when(logs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    of_it = {"request_id": REQUEST, "level": "INFO", "decision": "allow"}
    settled = {
        "message": "usage",
        "request_ids": [REQUEST],
        "requests": 1,
        "traces": {REQUEST: "1-6b03dad4-111111112222333344445555", "another": "1-6b03dad4-9"},
    }
    logged(logs, "/aggregator/billing/settle_usage", (2_299, json.dumps(settled)), (2_300, "another's"))
    logged(logs, "/aggregator/auth/authorizer", (12, json.dumps(of_it)), (13, f"no JSON {WORD}\n"))

    assert trace.main([REQUEST]) == 0

    first, trace_line, *rest = capsys.readouterr().out.splitlines()
    assert first == f"{REQUEST} came 2026-11-28T05:20:35.948+00:00"
    assert trace_line == "trace 1-6b03dad4-111111112222333344445555 of X-Ray, in settle"
    assert [line.split() for line in rest] == [
        ["+12", "ms", "authorise", "auth/authorizer", "decision=allow"],
        ["+13", "ms", "authorise", "auth/authorizer", "no", "JSON", WORD],
        [
            "+2299",
            "ms",
            "settle",
            "billing/settle_usage",
            "usage",
            f"request_ids=['{REQUEST}']",
            "requests=1",
        ],
    ]


def test_what_no_log_knows_is_said(logs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    del logs

    assert trace.main([REQUEST]) == 1
    assert "No log has a line of it." in capsys.readouterr().out


def test_what_is_no_requests_id_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.main(["chatcmpl-1"]) == 2
    assert "no request's id" in capsys.readouterr().err


def test_without_a_running_stack_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGGREGATOR_LOCAL_DIR", str(tmp_path))

    assert trace.main([REQUEST]) == 2
    assert "make run" in capsys.readouterr().err
