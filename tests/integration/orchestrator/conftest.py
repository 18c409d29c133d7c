import json
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aggregator.auth import wiring as auth
from aggregator.billing import wiring as billing
from aggregator.billing.plans import wiring as plans
from aggregator.orchestrator import wiring
from aggregator.orchestrator.announce import CatalogueAnnouncer
from aggregator.proxy import conditions_wiring
from aggregator.runtime.aws import Aws
from aggregator.runtime.boto_client import BotoClient
from tests.integration.orchestrator.operators_desk import Bus, Desk
from tests.tables import create_table

JsonObject = dict[str, Any]
Handler = Callable[[JsonObject, Any], JsonObject]

ROOT = Path(__file__).parents[3]
TABLE = "OrchestratorTable"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "ORCHESTRATOR_TABLE": TABLE,
        "AUTH_TABLE": "AuthTable",
        "BILLING_TABLE": "BillingTable",
        "PROXY_TABLE": "ProxyTable",
        "PROVIDER_KEYS_SECRET": "provider-keys",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    forget_environment()
    monkeypatch.setattr(conditions_wiring, "SignedClient", BotoClient)
    with mock_aws():
        for table in (TABLE, "AuthTable", "ProxyTable", "BillingTable"):
            create_table(wiring.dynamodb(), table)
        boto3.client("secretsmanager").create_secret(Name="provider-keys", SecretString="{}")
        yield wiring.dynamodb()
    forget_environment()


def forget_environment() -> None:
    for factory in (
        wiring.dynamodb,
        wiring.reader,
        auth.keys,
        billing.store,
        plans.store,
        conditions_wiring._circuits,
        conditions_wiring._keys,
    ):
        factory.cache_clear()


@pytest.fixture
def handler() -> Callable[[str], Handler]:
    """Handler of a function by its folder (`proxy/list_models`), loaded as Lambda loads it."""

    def load(function: str) -> Handler:
        spec = spec_from_file_location(function.replace("/", "_"), ROOT / "functions" / function / "app.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        found: Handler = module.handler
        return found

    return load


@pytest.fixture
def sample() -> Callable[[str], JsonObject]:
    """A sample event by its path under events/."""

    def load(path: str) -> JsonObject:
        event: JsonObject = json.loads((ROOT / "events" / path).read_text())
        return event

    return load


@pytest.fixture
def desk(aws: Aws, handler: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Desk:
    assert aws is wiring.dynamodb()
    monkeypatch.setenv("ENVIRONMENT", "prod")
    bus = Bus()
    monkeypatch.setattr(wiring, "announcer", lambda: CatalogueAnnouncer(bus, "bus"))
    wiring.load({"by": "deployment"})
    return Desk(handler, bus)
