"""The billing table on moto, made from template.yaml."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from aggregator.billing.store import BillingStore
from aggregator.runtime.boto_client import BotoClient
from tests.tables import create_table


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[BotoClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = BotoClient("dynamodb")
        create_table(client, "BillingTable")
        yield client


@pytest.fixture
def store(dynamodb: BotoClient) -> BillingStore:
    return BillingStore(dynamodb, "BillingTable")
