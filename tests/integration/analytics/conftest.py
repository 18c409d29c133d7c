from collections.abc import Iterator

import pytest
from moto import mock_aws

from aggregator.analytics.store import CubeStore
from aggregator.runtime.boto_client import BotoClient
from tests.integration.analytics.recording_aws import RecordingAws
from tests.tables import create_table


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingAws]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        dynamodb = RecordingAws(BotoClient("dynamodb"))
        create_table(dynamodb, "AnalyticsTable")
        dynamodb.calls.clear()
        yield dynamodb


@pytest.fixture
def cube(aws: RecordingAws) -> CubeStore:
    return CubeStore(aws, "AnalyticsTable")
