import json
import time
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from aggregator.alerts import telling
from aggregator.alerts import wiring as alerts
from aggregator.analytics import wiring as analytics
from aggregator.auth import wiring as auth
from aggregator.billing import wiring as billing
from aggregator.billing.focus import wiring as focus
from aggregator.billing.margin import wiring as margin
from aggregator.billing.plans import wiring as plans
from aggregator.health import details_wiring
from aggregator.identity import wiring as identity
from aggregator.orchestrator import wiring as orchestrator
from aggregator.payments import wiring as payments
from aggregator.payments.keys import StripeSecret
from aggregator.proxy import conditions_wiring, kept_wiring
from aggregator.runtime.boto_client import BotoClient
from local.http_server import HttpServer
from local.payments import stripe
from tests.integration.own_calls.platform import Platform
from tests.tables import create_table

TABLES = {
    "AUTH_TABLE": "AuthTable",
    "BILLING_TABLE": "BillingTable",
    "ANALYTICS_TABLE": "AnalyticsTable",
    "ORCHESTRATOR_TABLE": "OrchestratorTable",
    "PROXY_TABLE": "ProxyTable",
    "IDENTITY_TABLE": "IdentityTable",
    "ALERTS_TABLE": "AlertsTable",
    "PAYMENTS_TABLE": "PaymentsTable",
}

posted: list[tuple[bytes, str]] = []
"""Events of Stripe's stand-in, with their signatures."""

QUEUES = (
    "BILLING_USAGE_QUEUE",
    "BILLING_USAGE_DLQ",
    "ANALYTICS_EVENTS_QUEUE",
    "ANALYTICS_EVENTS_DLQ",
    "ALERTS_DLQ",
    "RECONCILE_QUEUE",
    "RECONCILE_DLQ",
    "STREAM_DLQ",
    "INVOCATION_DLQ",
)


@pytest.fixture(scope="module")
def stripe_stand_in() -> Iterator[stripe.StripeStandIn]:
    """An account at Stripe's stand-in; the events that it would post are kept in `posted`."""
    server = HttpServer(0)
    stand_in = stripe.StripeStandIn(f"http://127.0.0.1:{server.port}", lambda *event: posted.append(event))
    stripe.serve(server, stand_in)
    yield stand_in
    server.close()
    posted.clear()


@pytest.fixture
def platform(started: Platform) -> Platform:
    """The platform as it was started."""
    return started


@pytest.fixture(scope="module")
def started(stripe_stand_in: stripe.StripeStandIn) -> Iterator[Platform]:
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
            "STRIPE_SECRET": "stripe",
            "RUNBOOK_URL": "docs/runbook.md",
            "POWERTOOLS_METRICS_DISABLED": "true",
            **TABLES,
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for wiring in (analytics, focus, margin, conditions_wiring, kept_wiring):
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
        secret = StripeSecret(BotoClient("secretsmanager"), "stripe", time.monotonic, stand_in=True)
        patch.setattr(payments, "_secret", lambda: secret)
        boto3.client("secretsmanager").create_secret(
            Name="stripe", SecretString=json.dumps(stripe.keys({}, stripe_stand_in.url))
        )
        orchestrator.load({"by": "deployment"})
        yield Platform()
        forget_environment()


def forget_environment() -> None:
    """Let all functions start anew: nothing is in memory."""
    for wiring in (
        auth,
        billing,
        focus,
        margin,
        plans,
        analytics,
        alerts,
        identity,
        orchestrator,
        conditions_wiring,
        kept_wiring,
        details_wiring,
        payments,
        telling,
    ):
        for each in vars(wiring).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()
