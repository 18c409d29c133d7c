"""What operators look at: all balances, what reconciling came to, queues and alarms, how providers are."""

import os
import time
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from aggregator.billing.reconcile import Finding
from aggregator.billing.run_store import RunStore
from aggregator.proxy.routing.breaker import Opened
from aggregator.proxy.routing.store import RouteStore
from aggregator.runtime.boto_client import BotoClient
from tests.integration.own_calls.platform import Platform, own


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"cursor": "?"}, "cursor"),
        ({"cursor": "/w=="}, "cursor"),
        ({"search": "<b>"}, "search"),
        ({"search": ""}, "search"),
        ({"limit": "201"}, "limit"),
        ({"user": "x"}, "user"),
    ],
)
def test_a_query_that_is_none_of_ours_is_named(platform: Platform, query: dict[str, str], param: str) -> None:
    said = platform.call(own("list_balances"), query=query)

    assert (said.status, said.param) == (400, param)


def test_reconciling_tells_each_run_newest_first_and_what_did_not_fit(platform: Platform) -> None:
    runs = RunStore(BotoClient("dynamodb"), os.environ["BILLING_TABLE"], time.time)
    sums = {"accounts": 60, "idle": 12, "entries": 1480, "findings": 0, "children": 0}
    runs.begin("2026-11-23T01:17:00.000Z")
    runs.keep_part("2026-11-23T01:17:00.000Z", "0", sums)
    runs.begin("2026-11-24T01:17:00.000Z")
    runs.keep_part("2026-11-24T01:17:00.000Z", "0", sums | {"findings": 1, "loss": 2_500, "children": 1})
    drifts = Finding("user-2", 3, 0, -5_000, 0, 0, 0, misfits=("2026-11-23: 3 entries of +1 found",))
    runs.keep_finding("2026-11-24T01:17:00.000Z", drifts)

    latest = platform.call(own("list_reconciliations")).body["data"]
    both = platform.call(own("list_reconciliations"), query={"limit": "2"}).body["data"]

    assert [each["startedAt"] for each in both] == ["2026-11-24T01:17:00.000Z", "2026-11-23T01:17:00.000Z"]
    assert [each["over"] for each in both] == [False, True]
    assert latest == [
        {
            "startedAt": "2026-11-24T01:17:00.000Z",
            "over": False,
            "accounts": 60,
            "idle": 12,
            "entries": 1480,
            "unsound": 1,
            "orphanHolds": 0,
            "loss": "0.0000025",
            "notJudged": 0,
            "findings": [
                {
                    "userId": "user-2",
                    "drift": "-0.000005",
                    "misfits": ["2026-11-23: 3 entries of +1 found"],
                    "mispriced": [],
                    "mispricedEntries": 0,
                }
            ],
        }
    ]


def test_queues_tell_what_waits_and_what_died_and_how_to_move_it_back(platform: Platform) -> None:
    sqs, cloudwatch = boto3.client("sqs"), boto3.client("cloudwatch")
    for name in ("BILLING_USAGE_QUEUE", "BILLING_USAGE_DLQ", "BILLING_USAGE_DLQ", "STREAM_DLQ"):
        sqs.send_message(QueueUrl=os.environ[f"{name}_URL"], MessageBody="{}")
    cloudwatch.put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": "BILLING_USAGE_DLQ"}],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
                "Value": 5400.0,
            }
        ],
    )

    queues = {each["name"]: each for each in platform.call(own("get_details")).body["queues"]}

    assert queues["billing-usage"] == {
        "name": "billing-usage",
        "waiting": 1,
        "inFlight": 0,
        "delayed": 0,
        "oldestSeconds": None,
        "deadLetters": 2,
        "oldestDeadLetterSeconds": 5400,
        "redrive": 'make redrive QUEUE=billing-usage ARGS="--stack platform"',
        "runbook": "docs/runbook.md#redrive-a-dead-letter-queue",
        "reason": None,
    }
    assert (queues["stream"]["deadLetters"], queues["stream"]["waiting"]) == (1, None)
    assert queues["stream"]["redrive"] is None
    assert list(queues) == ["billing-usage", "analytics-events", "reconcile", "stream", "invocation"]


def test_alarms_tell_what_rings_first_and_where_the_runbook_is(platform: Platform) -> None:
    cloudwatch = boto3.client("cloudwatch")
    for name in ("platform-Observability-1X-LedgerAlarm-9Q", "platform-Observability-1X-UsageLostAlarm-7B"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"Of {name} docs/runbook.md#{name.split('-')[3].lower()}",
            Namespace="Aggregator",
            MetricName="UsageLost",
            Statistic="Sum",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            Period=300,
            EvaluationPeriods=1,
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
    cloudwatch.put_metric_alarm(
        AlarmName="another-stack-ApiErrorsAlarm-1",
        Namespace="Aggregator",
        MetricName="UsageLost",
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=0,
        Period=300,
        EvaluationPeriods=1,
    )
    cloudwatch.set_alarm_state(
        AlarmName="platform-Observability-1X-UsageLostAlarm-7B", StateValue="ALARM", StateReason="test"
    )

    alarms = platform.call(own("get_details")).body["alarms"]

    assert [(each["name"], each["state"], each["runbook"]) for each in alarms] == [
        ("UsageLostAlarm", "alarm", "docs/runbook.md#usagelostalarm"),
        ("LedgerAlarm", "ok", "docs/runbook.md#ledgeralarm"),
    ]
    assert alarms[0]["means"] == "Of platform-Observability-1X-UsageLostAlarm-7B"


def test_providers_tell_their_open_circuits_and_how_many_keys_are_set_and_no_key(platform: Platform) -> None:
    circuits = RouteStore(BotoClient("dynamodb"), os.environ["PROXY_TABLE"])
    circuits.open("openai/gpt-4o-mini", Opened(1_795_420_800, 1_795_420_830), time.time())

    said = platform.call(own("list_providers"))

    assert said.status == 200
    assert said.body["state"]["openai"] == {
        "keys": 2,
        "circuits": [
            {
                "upstreamModel": "gpt-4o-mini",
                "since": "2026-11-23T08:00:00.000Z",
                "until": "2026-11-23T08:00:30.000Z",
            }
        ],
    }
    assert said.body["state"]["anthropic"] == {"keys": 0, "circuits": []}
    assert "sk-" not in said.text
