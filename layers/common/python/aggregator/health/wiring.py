"""What the health endpoint asks, and the only reader of its environment."""

import os
import time
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from aggregator.health.api import Health
from aggregator.health.checks import Probe, examine
from aggregator.orchestrator import wiring as orchestrator
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws
from aggregator.runtime.boto_client import BotoClient

_STARTED = time.monotonic()
_READ_SECONDS = 1.0
KEPT_SECONDS = 2.0
_NOT_ON_THE_PATH = frozenset({"analytics", "identity", "alerts", "payments"})

_last: list[tuple[float, Health]] = []


def health() -> Health:
    """The platform's state, at most two seconds old: nobody without a key can make it ask more often."""
    now = time.monotonic()
    if not _last or now - _last[0][0] >= KEPT_SECONDS:
        _last[:] = [(now, _examined())]
    return _last[0][1]


def _examined() -> Health:
    findings = examine(_probes(), time.monotonic)
    uptime_ms = round((time.monotonic() - _STARTED) * 1000)
    return Health.of(findings, os.environ.get("AGGREGATOR_VERSION", "0"), uptime_ms)


@cache
def _client(service: str) -> Aws:
    return BotoClient(service, read_timeout_seconds=_READ_SECONDS, attempts=1)


@cache
def _probes() -> list[Probe]:
    tables = ("auth", "billing", "orchestrator", "proxy", "analytics", "identity", "alerts", "payments")
    queues = {"billingUsage": "BILLING_USAGE", "analyticsEvents": "ANALYTICS_EVENTS"}
    for service in ("dynamodb", "events", "sqs"):
        _client(service)  # boto3 makes clients one thread at a time
    return [
        *(
            Probe(
                f"table:{domain}",
                partial(_table, os.environ[f"{domain.upper()}_TABLE"]),
                vital=domain not in _NOT_ON_THE_PATH,
            )
            for domain in tables
        ),
        Probe("bus", _bus),
        *(
            Probe(
                f"queue:{name}",
                partial(_queue, os.environ[f"{prefix}_QUEUE_URL"], os.environ[f"{prefix}_DLQ_URL"]),
                vital=False,
                warn=lambda facts: facts["dlq_depth"] > 0,
            )
            for name, prefix in queues.items()
        ),
        Probe("providers", _providers),
    ]


def _table(name: str) -> Mapping[str, Any]:
    answer = _client("dynamodb").call("DescribeTable", {"TableName": name})
    return {"table_status": answer["Table"]["TableStatus"]}


def _bus() -> Mapping[str, Any]:
    _client("events").call("DescribeEventBus", {"Name": os.environ["EVENT_BUS"]})
    return {}


def _queue(url: str, dlq_url: str) -> Mapping[str, Any]:
    return {"depth": _depth(url), "dlq_depth": _depth(dlq_url)}


def _depth(url: str) -> int:
    wanted = "ApproximateNumberOfMessages"
    answer = _client("sqs").call("GetQueueAttributes", {"QueueUrl": url, "AttributeNames": [wanted]})
    return int(answer["Attributes"][wanted])


def _providers() -> Mapping[str, Any]:
    catalogue = orchestrator.reader().current(clock.now())
    return {
        "catalogue_version": catalogue.version,
        "models": sum(1 for _ in catalogue.models()),
        "providers": len(catalogue.provider_ids),
    }
