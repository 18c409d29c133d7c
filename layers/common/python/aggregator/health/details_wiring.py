"""What the details of queues and alarms are asked of, and the only reader of their environment."""

import os
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import cache, partial
from typing import Any

from aggregator.health.checks import Probe, examine
from aggregator.health.details import QUEUES, Details, QueueDetails
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws
from aggregator.runtime.boto_client import BotoClient

WAIT_SECONDS = 5.0
_AGES_OF = timedelta(minutes=10)
_COUNTS = {
    "waiting": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


def details() -> Details:
    """What waits, what died and what rings, asked all at once; what does not answer in time is null."""
    for service in ("sqs", "cloudwatch"):
        _client(service)  # boto3 makes clients one thread at a time
    return _asked([*_of_queues(), Probe("alarms", _alarms, vital=False)])


def queues() -> list[QueueDetails]:
    """The same of queues alone, for who may not ask for alarms."""
    for service in ("sqs", "cloudwatch"):
        _client(service)
    return _asked(_of_queues()).queues


def _of_queues() -> list[Probe]:
    there = _urls()
    return [
        *(
            Probe(f"queue:{name}", partial(_queue, name), vital=False)
            for name in QUEUES
            if f"{name}-dlq" in there
        ),
        Probe("ages", _ages, vital=False),
    ]


def _asked(probes: list[Probe]) -> Details:
    local = os.environ["ENVIRONMENT"] == "local"
    stack = None if local else os.environ["STACK_NAME"]
    return Details.of(examine(probes, time.monotonic, WAIT_SECONDS), stack, os.environ["RUNBOOK_URL"])


@cache
def _client(service: str) -> Aws:
    return BotoClient(service, read_timeout_seconds=2, attempts=2)


def _urls() -> dict[str, str]:
    """Every queue's address, its dead letter queue's under `<name>-dlq`."""
    return {
        name.lower().removesuffix("_url").removesuffix("_queue").replace("_", "-"): url
        for name, url in os.environ.items()
        if name.endswith(("_QUEUE_URL", "_DLQ_URL"))
    }


def _queue(name: str) -> Mapping[str, Any]:
    urls = _urls()
    dead = _counts(urls[f"{name}-dlq"])
    facts: dict[str, Any] = {"dead_letters": sum(dead.values())}
    return facts | _counts(urls[name]) if name in urls else facts


def _counts(url: str) -> dict[str, int]:
    asked = {"QueueUrl": url, "AttributeNames": list(_COUNTS.values())}
    said = _client("sqs").call("GetQueueAttributes", asked)["Attributes"]
    return {name: int(said[attribute]) for name, attribute in _COUNTS.items()}


def _ages() -> Mapping[str, Any]:
    """The age of the oldest message of each queue that CloudWatch has measured of late, by the queue's name."""
    now, names = clock.now(), sorted(_urls())
    answer = _client("cloudwatch").call("GetMetricData", {
        "StartTime": now - _AGES_OF,
        "EndTime": now,
        "ScanBy": "TimestampDescending",
        "MetricDataQueries": [
            {"Id": f"q{number}", "MetricStat": {"Metric": _age_of(_urls()[name]), "Period": 60, "Stat": "Maximum"}}
            for number, name in enumerate(names)
        ],
    })  # fmt: skip
    values = {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}
    return {
        name: int(values[f"q{number}"][0]) for number, name in enumerate(names) if values.get(f"q{number}")
    }


def _age_of(url: str) -> Mapping[str, Any]:
    dimension = {"Name": "QueueName", "Value": url.rpartition("/")[2]}
    return {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [dimension],
    }


def _alarms() -> Mapping[str, Any]:
    answer = _client("cloudwatch").call("DescribeAlarms", {
        "AlarmNamePrefix": f"{os.environ['STACK_NAME']}-", "MaxRecords": 100,
    })  # fmt: skip
    return {"alarms": answer["MetricAlarms"]}
