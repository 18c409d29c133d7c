"""What the check of a deployment asks of the account behind it, and how it takes a stack down."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.cloud_check import aws_checks
from local.cloud_check.calls import Api
from local.cloud_check.down import down
from local.cloud_check.world import NotAsItShouldBeError, NotHereError, World
from local.target import Target

TAGS = {"project": "ai-aggregator", "environment": "dev"}


class CloudFormation:
    """The few calls of it, over a stack whose resources moto has."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.calls: list[str] = []
        self.nested: list[str] = []

    def describe_stacks(self, *, StackName: str) -> Any:  # noqa: N803 (AWS's own names)
        parameters = [{"ParameterKey": "Environment", "ParameterValue": self.environment}]
        return {"Stacks": [{"StackId": f"arn:{StackName}", "Parameters": parameters}]}

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        boto3.client("s3").delete_bucket(Bucket="answers")  # refused while it holds something
        self.calls.append(f"delete {StackName}")

    def get_waiter(self, name: str) -> Any:
        self.calls.append(name)
        return self

    def wait(self, *, StackName: str) -> None:  # noqa: N803
        self.calls.append(f"wait {StackName}")

    def get_paginator(self, name: str) -> Any:
        assert name == "list_stack_resources"
        return self

    def paginate(self, *, StackName: str) -> Any:  # noqa: N803
        assert StackName == "nested"
        kinds = [("AWS::SNS::Topic", "topic"), *(("AWS::CloudWatch::Alarm", each) for each in self.nested)]
        found = [{"ResourceType": kind, "PhysicalResourceId": name} for kind, name in kinds]
        return [{"StackResourceSummaries": found[:1]}, {"StackResourceSummaries": found[1:]}]


class KnownTarget(Target):
    """A stack of a few resources in moto."""

    def __init__(self) -> None:
        self.cloudformation = CloudFormation("dev")
        sqs, logs = boto3.client("sqs"), boto3.client("logs")
        boto3.client("s3").create_bucket(Bucket="answers")
        self.resources = {"AnswersBucket": "answers"}
        for name in aws_checks.DEAD_LETTERS:
            self.resources[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        for name in aws_checks.WALKS:
            logs.create_log_group(logGroupName=f"/stack/{name}")
            self.resources[name] = f"/stack/{name}"

    def client(self, service: str, config: Any = None) -> Any:
        if service == "cloudformation":
            return self.cloudformation
        return boto3.client(service, config=config)  # type: ignore[call-overload]

    def resource(self, logical_id: str) -> str:
        return self.resources[logical_id]


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[KnownTarget]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield KnownTarget()


def world(target: Target | None) -> World:
    return World(
        Api("https://api.example.com"),
        target,
        "mini",
        deployed=True,
        patience_seconds=0,
        sleep=lambda _: None,
    )


def test_empty_dead_letter_queues_pass_and_one_with_a_message_is_named(target: KnownTarget) -> None:
    assert aws_checks.dead_letters(world(target)) == "5 queues, all empty"

    boto3.client("sqs").send_message(QueueUrl=target.resource("StreamDlq"), MessageBody="{}")

    with pytest.raises(NotAsItShouldBeError, match="StreamDlq: 1"):
        aws_checks.dead_letters(world(target))


def test_a_bus_that_refused_is_found_in_the_log(target: KnownTarget) -> None:
    assert aws_checks.bus(world(target)) == "no refusal in an hour"

    logs, group = boto3.client("logs"), target.resource("ProxyCreateMessageLogs")
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    line = json.dumps({"level": "WARNING", "message": "bus_refused", "code": "AccessDenied"})
    now = int(world(target).now_ms())
    logs.put_log_events(
        logGroupName=group, logStreamName="one", logEvents=[{"timestamp": now, "message": line}]
    )

    with pytest.raises(NotAsItShouldBeError, match="1 times"):
        aws_checks.bus(world(target))


def test_metrics_are_there_once_cloudwatch_has_them(target: KnownTarget) -> None:
    with pytest.raises(NotAsItShouldBeError, match="EntriesSettled"):
        aws_checks.metrics(world(target))

    boto3.client("cloudwatch").put_metric_data(
        Namespace="Aggregator", MetricData=[{"MetricName": "EntriesSettled", "Value": 1}]
    )

    assert aws_checks.metrics(world(target)) == "1 metrics"


@pytest.mark.parametrize(("limit", "enough"), [(10, False), (99, False), (100, True), (1000, True)])
def test_a_new_accounts_few_executions_are_told(
    target: KnownTarget, monkeypatch: pytest.MonkeyPatch, limit: int, enough: bool
) -> None:
    class Lambda:
        def get_account_settings(self) -> Any:
            return {"AccountLimit": {"ConcurrentExecutions": limit}}

    monkeypatch.setattr(target, "client", lambda service: {"lambda": Lambda()}[service])

    if enough:
        assert aws_checks.executions(world(target)) == f"{limit} at once"
    else:
        with pytest.raises(NotAsItShouldBeError, match=f"^{limit} at once"):
            aws_checks.executions(world(target))


def test_a_stack_without_alarms_has_none_to_go_off(target: KnownTarget) -> None:
    with pytest.raises(NotHereError, match="Observability=off"):
        aws_checks.alarms(world(target))


def test_an_alarm_is_made_to_go_off_and_to_end(target: KnownTarget) -> None:
    names = ["nested-LedgerAlarm-1", "nested-UsageLostAlarm-1"]
    for name in names:
        boto3.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="Aggregator",
            MetricName="UsageLost",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            Period=300,
            EvaluationPeriods=1,
            Statistic="Sum",
        )
    target.resources["ObservabilityStack"], target.cloudformation.nested = "nested", names

    said = aws_checks.alarms(world(target))

    assert said == "2 alarms; nested-UsageLostAlarm-1 went off and ended: its mail must have come"
    found = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {each["AlarmName"]: each["StateReason"] for each in found}[names[1]] == "cloud-check: a drill"
    assert {each["AlarmName"]: each["StateValue"] for each in found}[names[1]] == "OK"


def test_where_only_the_address_is_known_nothing_is_asked_of_the_account() -> None:
    for check in (aws_checks.dead_letters, aws_checks.bus):
        with pytest.raises(NotHereError, match="name the stack"):
            check(world(None))


def test_down_empties_the_bucket_deletes_the_stack_and_tells_what_is_left(target: KnownTarget) -> None:
    boto3.client("s3").put_object(Bucket="answers", Key="r1", Body=b"x")
    boto3.client("sqs").create_queue(QueueName="kept", tags=TAGS)
    boto3.client("sqs").create_queue(QueueName="another-projects")

    left = down(target, "ai-aggregator-dev")

    assert target.cloudformation.calls == [
        "delete ai-aggregator-dev",
        "stack_delete_complete",
        "wait arn:ai-aggregator-dev",
    ]
    assert [arn.rpartition(":")[2] for arn in left] == ["kept"]


def test_prod_is_not_taken_down(target: KnownTarget) -> None:
    target.cloudformation.environment = "prod"
    boto3.client("s3").put_object(Bucket="answers", Key="r1", Body=b"x")

    with pytest.raises(NotAsItShouldBeError, match="prod keeps its data"):
        down(target, "ai-aggregator-prod")

    assert boto3.client("s3").list_objects_v2(Bucket="answers")["KeyCount"] == 1
    assert target.cloudformation.calls == []
