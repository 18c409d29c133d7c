from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from aggregator.auth import hot_wiring, wiring
from aggregator.auth.store import KeyStore
from aggregator.runtime.aws import Aws
from aggregator.runtime.boto_client import BotoClient
from tests.tables import create_table

ADMIN_KEY = "AdminKeyOfTheTests0123456789"
PEPPER = "pepper-of-the-tests"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The auth table, the bus and the secrets, and an environment that names them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AUTH_TABLE", "AuthTable")
    monkeypatch.setenv("EVENT_BUS", "platform")
    monkeypatch.setenv("PEPPER_SECRET", "pepper")
    monkeypatch.setenv("ADMIN_KEY_SECRET", "admin-key")
    monkeypatch.setenv("ENVIRONMENT", "dev")
    monkeypatch.setattr(hot_wiring, "SignedClient", lambda service, **_: BotoClient(service))
    cached = (wiring.keys, wiring.pepper, wiring.announcer, hot_wiring.prove)
    with mock_aws():
        client = BotoClient("dynamodb")
        create_table(client, "AuthTable")
        boto3.client("events").create_event_bus(Name="platform")
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name="pepper", SecretString=PEPPER)
        secrets.create_secret(Name="admin-key", SecretString=ADMIN_KEY)
        for factory in cached:
            factory.cache_clear()
        yield client
    for factory in cached:
        factory.cache_clear()


@pytest.fixture
def keys(dynamodb: Aws) -> KeyStore:
    return KeyStore(dynamodb, "AuthTable")
