import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aggregator.auth import hot_wiring, wiring
from aggregator.auth.authorise import ADMIN_CALLER
from aggregator.auth.caller import Caller
from aggregator.auth.store import KeyStore
from aggregator.orchestrator import wiring as orchestrator
from aggregator.runtime.aws import Aws
from aggregator.runtime.boto_client import BotoClient
from tests.integration.auth.lambda_calls import Call, JsonObject, LambdaContext, handler_of, sample_of
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
    monkeypatch.setenv("IDENTITY_TABLE", "IdentityTable")
    monkeypatch.setenv("ORCHESTRATOR_TABLE", "OrchestratorTable")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("EVENT_BUS", "platform")
    monkeypatch.setenv("PEPPER_SECRET", "pepper")
    monkeypatch.setenv("ADMIN_KEY_SECRET", "admin-key")
    monkeypatch.setenv("ENVIRONMENT", "dev")
    monkeypatch.setattr(hot_wiring, "SignedClient", lambda service, **_: BotoClient(service))
    with mock_aws():
        client = BotoClient("dynamodb")
        create_table(client, "AuthTable")
        create_table(client, "IdentityTable")
        create_table(client, "OrchestratorTable")
        boto3.client("events").create_event_bus(Name="platform")
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name="pepper", SecretString=PEPPER)
        secrets.create_secret(Name="admin-key", SecretString=ADMIN_KEY)
        forget_environment()
        orchestrator.load({"by": "deployment"})
        yield client
    forget_environment()


def forget_environment() -> None:
    for factory in (wiring.keys, wiring.pepper, wiring.announcer, wiring.teams, hot_wiring.prove):
        factory.cache_clear()
    for each in (orchestrator.dynamodb, orchestrator.reader):
        each.cache_clear()


@pytest.fixture
def fresh_environment() -> Callable[[], None]:
    """Start all functions anew: nothing is in memory."""
    return forget_environment


@pytest.fixture
def keys(dynamodb: Aws) -> KeyStore:
    return KeyStore(dynamodb, "AuthTable")


@pytest.fixture
def call(dynamodb: Aws) -> Call:
    """Call a function by its name, as `by`; the answer's status and body."""
    assert dynamodb

    def send(
        function: str,
        by: Caller = ADMIN_CALLER,
        body: Any = None,
        key_id: str | None = None,
        query: dict[str, str] | None = None,
    ) -> tuple[int, JsonObject]:
        event = sample_of(function)
        event["body"] = body if isinstance(body, str) or body is None else json.dumps(body)
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {name: [each] for name, each in (query or {}).items()}
        event["requestContext"]["authorizer"] = by.to_context()
        if key_id is not None:
            event["pathParameters"] = {"keyId": key_id}
            event["path"] = event["path"].replace("1vQ8Zk7pQ2xA", key_id)
        answer = handler_of(function)(event, LambdaContext())
        assert answer["multiValueHeaders"]["x-request-id"]
        return answer["statusCode"], json.loads(answer["body"])

    return send
