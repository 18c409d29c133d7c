"""The look-up function over the tables, logs and queues of a stack."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aggregator.analytics import wiring as analytics
from aggregator.analytics.event import entry_of as recorded
from aggregator.billing import wiring as billing
from aggregator.billing.entry_item import to_event
from aggregator.billing.transaction import Order, entry_of
from aggregator.health import details_wiring, look_up_wiring
from aggregator.runtime import clock
from tests.tables import create_table

ROOT = Path(__file__).parents[3]
REQUEST_WORD = "0d672930-faca-47b7-b174-2797b7d896eb"
QUEUES = (
    "BILLING_USAGE_QUEUE",
    "BILLING_USAGE_DLQ",
    "ANALYTICS_EVENTS_QUEUE",
    "ANALYTICS_EVENTS_DLQ",
    "RECONCILE_QUEUE",
    "RECONCILE_DLQ",
    "STREAM_DLQ",
    "INVOCATION_DLQ",
)


def _forget() -> None:
    for cached in (billing.store, analytics.cube, details_wiring._client, look_up_wiring._logs):
        cached.cache_clear()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "ENVIRONMENT": "local",
        "STACK_NAME": "platform",
        "RUNBOOK_URL": "https://wiki.example/run",
        "BILLING_TABLE": "BillingTable",
        "ANALYTICS_TABLE": "AnalyticsTable",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        for table in ("BillingTable", "AnalyticsTable"):
            create_table(boto3.client("dynamodb"), table)
        for queue in QUEUES:
            address = boto3.client("sqs").create_queue(QueueName=queue)["QueueUrl"]
            monkeypatch.setenv(f"{queue}_URL", address)
        _forget()
        place = ROOT / "functions" / "health" / "look_up" / "app.py"
        spec = importlib.util.spec_from_file_location("look_up_app", place)
        assert spec is not None
        assert spec.loader is not None
        app = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(app)
        context = SimpleNamespace(invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:l")
        yield lambda event: app.handler(event, context)
    _forget()


def request_id() -> str:
    return f"{int(clock.now().timestamp() * 1000):012x}-{REQUEST_WORD}"


def asked(look: str, **fields: str) -> dict[str, Any]:
    return {"look": look, "widgetContext": {"forms": {"all": fields}}}


def logged(group: str, *messages: str) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(clock.now().timestamp() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": now, "message": message} for message in messages],
    )


def test_a_user_has_a_balance_and_entries(handler: Any) -> None:
    moment = clock.iso(clock.now())
    billing.store().book(
        entry_of(Order(request_id(), "ann", "credit", 5_000_000_000, moment, description="<b>gift</b>"))
    )

    said = handler(asked("user", userId="ann"))

    assert "<td>5.00</td>" in said
    assert "&lt;b&gt;gift&lt;/b&gt;" in said


def test_an_entry_is_recorded_once_it_is_in_the_cube(handler: Any) -> None:
    id_, moment = request_id(), clock.iso(clock.now())
    entry = entry_of(Order(id_, "ann", "credit", 5_000_000_000, moment))
    billing.store().book(entry)

    before = handler(asked("request", requestId=id_, userId="ann"))
    analytics.cube().add([recorded(to_event(entry))], clock.now())
    after = handler(asked("request", requestId=id_, userId="ann"))

    assert "<th>recorded in the metrics</th><td>not yet</td>" in before
    assert "<th>recorded in the metrics</th><td>yes</td>" in after


def test_lines_of_a_request_are_found_and_a_group_that_is_not_there_has_none(handler: Any) -> None:
    line = json.dumps({"requestId": f"x-{REQUEST_WORD}", "principal": "ann", "status": 200})
    logged("/platform/api", line, f"no JSON {REQUEST_WORD}", json.dumps({"requestId": "another"}))

    said = handler(asked("request", requestId=request_id()))

    assert said.count("<td>api</td>") == 1
    assert "principal=ann status=200" in said
    assert "Not settled" in said


def test_dead_letters_are_counted(handler: Any) -> None:
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="STREAM_DLQ")["QueueUrl"], MessageBody="{}")

    said = handler({"look": "dead_letters"})

    assert "<td>stream</td><td>1</td>" in said
    assert "<td>billing-usage</td><td>0</td>" in said
    assert "https://wiki.example/run#publish-ledger-entries-again" in said


def test_in_the_cloud_a_word_is_found_wherever_it_stands(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[str] = []

    class Logs:
        def call(self, _: str, request: dict[str, Any]) -> dict[str, Any]:
            asked_for.append(request["filterPattern"])
            return {"events": [{"message": '{"message": "of another"}'}]}

    with monkeypatch.context() as patch:
        patch.setenv("ENVIRONMENT", "dev")
        patch.setattr(look_up_wiring, "_logs", Logs)
        said = handler(asked("request", requestId=request_id()))

    assert set(asked_for) == {f"%{REQUEST_WORD}%"}
    assert "of another" not in said
