"""What an operator can see: dead letters, the bus, executions, metrics, alarms."""

from typing import Any

from local.cloud_check.world import JsonObject, NotAsItShouldBeError, NotHereError, World

DEAD_LETTERS = ("BillingUsageDlq", "AnalyticsEventsDlq", "ReconcileDlq", "StreamDlq", "InvocationDlq")
WALKS = (
    "ProxyCreateChatCompletionLogs",
    "ProxyCreateResponseLogs",
    "ProxyCreateMessageLogs",
    "ProxyCreateEmbeddingLogs",
)
FEW_EXECUTIONS = 100
_HOUR_MS = 3_600_000


def dead_letters(world: World) -> str:
    """Nothing is in a dead letter queue."""
    sqs = world.aws("sqs")
    found = {
        name: int(
            sqs.get_queue_attributes(
                QueueUrl=world.resource(name), AttributeNames=["ApproximateNumberOfMessages"]
            )["Attributes"]["ApproximateNumberOfMessages"]
        )
        for name in DEAD_LETTERS
    }
    if any(found.values()):
        raise NotAsItShouldBeError(", ".join(f"{name}: {number}" for name, number in found.items() if number))
    return f"{len(found)} queues, all empty"


def bus(world: World) -> str:
    """Usage went by the bus and the rule, not by the second way: no function says that the bus refused."""
    logs = world.aws("logs")
    since = int(world.now_ms() - _HOUR_MS)
    refused = [
        event["message"]
        for group in WALKS
        for event in logs.filter_log_events(
            logGroupName=world.resource(group), filterPattern="bus_refused", startTime=since
        )["events"]
    ]
    if refused:
        raise NotAsItShouldBeError(f"{len(refused)} times, first {refused[0][:200]}")
    return "no refusal in an hour"


def executions(world: World) -> str:
    """As many functions may run at once as a first user needs."""
    if not world.deployed:
        raise NotHereError("the emulator has no limit")
    limit = int(world.aws("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    if limit < FEW_EXECUTIONS:
        raise NotAsItShouldBeError(f"{limit} at once: ask for more before users come (docs/deploy.md)")
    return f"{limit} at once"


def metrics(world: World) -> str:
    """What functions print as metrics, CloudWatch has."""
    if not world.deployed:
        raise NotHereError("the emulator takes no metrics from logs")
    cloudwatch = world.aws("cloudwatch")

    def named() -> str | None:
        found = {each["MetricName"] for each in cloudwatch.list_metrics(Namespace="Aggregator")["Metrics"]}
        return f"{len(found)} metrics" if "EntriesSettled" in found else None

    return world.until(named, "EntriesSettled in the namespace Aggregator")


def alarms(world: World) -> str:
    """All alarms are there, and one that is made to go off does, and ends."""
    watching = _alarms(world)
    cloudwatch = world.aws("cloudwatch")
    drilled = next(name for name in watching if "UsageLost" in name)
    for state in ("ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName=drilled, StateValue=state, StateReason="cloud-check: a drill")
        found = cloudwatch.describe_alarms(AlarmNames=[drilled])["MetricAlarms"][0]["StateValue"]
        if state == "ALARM" and found != state:
            raise NotAsItShouldBeError(f"{drilled} is {found}")
    return f"{len(watching)} alarms; {drilled} went off and ended: its mail must have come"


def _alarms(world: World) -> list[str]:
    try:
        nested = world.resource("ObservabilityStack")
    except Exception as missing:
        raise NotHereError("the stack has no alarms (Observability=off)") from missing
    pages: Any = world.aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=nested)
    found: list[JsonObject] = [each for page in pages for each in page["StackResourceSummaries"]]
    return [each["PhysicalResourceId"] for each in found if each["ResourceType"] == "AWS::CloudWatch::Alarm"]
