"""AWS calls that have to be over at a moment, over real sockets: whatever their own time-outs say."""

import time
from threading import Event

import pytest

from aggregator.runtime.aws import AwsError, until
from aggregator.runtime.signed_client import SignedClient, Timeouts
from aggregator.runtime.signed_s3 import SignedS3
from aggregator.runtime.sigv4 import Credentials
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.integration.proxy.raw_provider import RawProvider, answer

PATIENT = Timeouts(connect=60, attempt=60, total=60)


def credentials() -> Credentials:
    return Credentials("id", "secret")


def client_of(service: RawProvider) -> SignedClient:
    return SignedClient(
        "sqs", region="eu-west-1", endpoint=service.url, credentials=credentials, timeouts=PATIENT
    )


@pytest.mark.parametrize("how", ["until", "within"])
def test_a_call_ends_when_it_must(how: str) -> None:
    never = Event()
    with RawProvider([[never]], [[never]], [[never]]) as mute:
        client = client_of(mute)
        hurried = client.within(0.2) if how == "within" else client.until(time.monotonic() + 0.2)
        began = time.monotonic()
        with pytest.raises(AwsError, match="TimedOut"):
            hurried.call("SendMessage", {})
        took = time.monotonic() - began
        never.set()

    assert took < 20


def test_an_object_is_written_in_time_or_not_at_all() -> None:
    never = Event()
    with RawProvider([[never]], [[never]], [[never]]) as mute:
        bucket = SignedS3(
            "b", region="eu-west-1", endpoint=mute.url, credentials=credentials, timeouts=PATIENT
        )
        began = time.monotonic()
        with pytest.raises(AwsError, match="TimedOut"):
            until(bucket, began + 0.2).put("key", b"body")
        took = time.monotonic() - began
        never.set()

    assert took < 20


def test_the_connection_is_shared_with_the_client_that_is_not_in_a_hurry() -> None:
    with RawProvider([answer(b"{}"), answer(b"{}")]) as service:
        client = client_of(service)
        client.call("SendMessage", {})
        until(client, time.monotonic() + 60).call("SendMessage", {})
        client.close()

    assert service.connections == 1


def test_who_cannot_be_hurried_stays_as_it_is() -> None:
    table = MemoryDynamoDb()

    assert until(table, 5.0) is table
    assert until(table, None) is table
