from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from aggregator.analytics import wiring as analytics
from aggregator.auth import wiring as auth
from aggregator.billing import wiring as billing
from aggregator.health import details_wiring
from aggregator.identity import wiring as identity
from aggregator.orchestrator import wiring as orchestrator
from aggregator.proxy import conditions_wiring, kept_wiring
from aggregator.runtime.boto_client import BotoClient
from tests.integration.own_calls.platform import Platform
from tests.tables import create_table

TABLES = {
    "AUTH_TABLE": "AuthTable",
    "BILLING_TABLE": "BillingTable",
    "ANALYTICS_TABLE": "AnalyticsTable",
    "ORCHESTRATOR_TABLE": "OrchestratorTable",
    "PROXY_TABLE": "ProxyTable",
    "IDENTITY_TABLE": "IdentityTable",
}

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


@pytest.fixture
def platform(started: Platform) -> Platform:
    """The platform as it was started."""
    return started


@pytest.fixture(scope="module")
def started() -> Iterator[Platform]:
    """Every function with the tables, the bus and the secrets it names, in this process."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_REGION": "eu-central-1",
            "ENVIRONMENT": "dev",
            "EVENT_BUS": "platform",
            "PEPPER_SECRET": "pepper",
            "PROVIDER_KEYS_SECRET": "provider-keys",
            "STACK_NAME": "platform",
            "RUNBOOK_URL": "docs/runbook.md",
            "POWERTOOLS_METRICS_DISABLED": "true",
            **TABLES,
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for wiring in (analytics, conditions_wiring, kept_wiring):
            patch.setattr(wiring, "SignedClient", lambda service, **_: BotoClient(service))
        forget_environment()
        for table in TABLES.values():
            create_table(BotoClient("dynamodb"), table)
        boto3.client("events").create_event_bus(Name="platform")
        boto3.client("secretsmanager").create_secret(Name="pepper", SecretString="pepper-of-the-tests")
        boto3.client("secretsmanager").create_secret(
            Name="provider-keys", SecretString='{"openai": ["sk-new", "sk-old"], "anthropic": ""}'
        )
        for name in QUEUES:
            patch.setenv(f"{name}_URL", boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"])
        orchestrator.load({"by": "deployment"})
        yield Platform()
        forget_environment()


def forget_environment() -> None:
    """Let all functions start anew: nothing is in memory."""
    for wiring in (
        auth,
        billing,
        analytics,
        identity,
        orchestrator,
        conditions_wiring,
        kept_wiring,
        details_wiring,
    ):
        for each in vars(wiring).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()
