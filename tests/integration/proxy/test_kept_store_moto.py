"""Kept responses in the proxy's table, on moto: whole, by user, for their time, and gone when they are deleted."""

import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aggregator.proxy.answers.kept_responses import KeptResponse
from aggregator.proxy.answers.kept_store import PART_BYTES, KeptResponseStore
from aggregator.runtime.aws import AwsError
from aggregator.runtime.boto_client import BotoClient
from tests.tables import create_table

JsonObject = dict[str, Any]

NOW = 1_795_435_200
BY = {"x-aggregator-provider": "openai", "x-aggregator-model": "gpt-4o-mini"}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[BotoClient]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = BotoClient("dynamodb")
        create_table(client, "ProxyTable")
        yield client


@pytest.fixture
def store(dynamodb: BotoClient) -> KeptResponseStore:
    return KeptResponseStore(dynamodb, "ProxyTable")


def kept(response_id: str = "resp_1", *, items: int = 1, text: str = "hello") -> KeptResponse:
    output = [{"type": "message", "id": f"msg_{n}", "content": text} for n in range(items)]
    return KeptResponse(
        {"id": response_id, "output": output}, [{"role": "user", "content": "hi"}], BY, NOW + 60
    )


def names() -> list[str]:
    return sorted(each["sk"]["S"] for each in boto3.client("dynamodb").scan(TableName="ProxyTable")["Items"])


def incompressible(length: int) -> str:
    return random.Random(7).randbytes(length).hex()


@pytest.mark.parametrize("said", [kept(), kept(items=60), kept(text=incompressible(PART_BYTES * 2))])
def test_a_response_is_read_as_it_was_kept(store: KeptResponseStore, said: KeptResponse) -> None:
    store.keep("ann", said)

    assert store.read("ann", "resp_1", NOW) == said


def test_what_no_item_holds_stands_in_several(store: KeptResponseStore) -> None:
    store.keep("ann", kept(text=incompressible(PART_BYTES * 2)))

    assert names() == [
        "RESPONSE#resp_1", "RESPONSE#resp_1#PART#01", "RESPONSE#resp_1#PART#02", "RESPONSEITEM#msg_0",
    ]  # fmt: skip


def test_another_user_finds_nothing(store: KeptResponseStore) -> None:
    store.keep("ann", kept())

    assert store.read("bob", "resp_1", NOW) is None
    assert store.holder_of("bob", "msg_0", NOW) is None
    assert store.delete("bob", "resp_1") is False
    assert store.holder_of("ann", "msg_0", NOW) == "resp_1"


def test_what_has_expired_is_not_found_though_it_is_still_there(store: KeptResponseStore) -> None:
    store.keep("ann", kept())

    assert store.read("ann", "resp_1", NOW + 59) is not None
    assert store.read("ann", "resp_1", NOW + 60) is None
    assert store.holder_of("ann", "msg_0", NOW + 60) is None
    assert len(names()) == 2


def test_what_is_deleted_leaves_nothing(store: KeptResponseStore) -> None:
    store.keep("ann", kept(items=30, text=incompressible(PART_BYTES // 20)))
    store.keep("ann", kept("resp_2", items=0))

    assert [store.delete("ann", "resp_1") for _ in range(2)] == [True, False]
    assert names() == ["RESPONSE#resp_2"]


@pytest.mark.parametrize("name", ["", "resp_1#PART#01", "x" * 901])
def test_what_is_no_name_is_nobodys(store: KeptResponseStore, name: str) -> None:
    store.keep("ann", kept(text=incompressible(PART_BYTES)))

    assert store.read("ann", name, NOW) is None
    assert store.holder_of("ann", name, NOW) is None
    assert store.delete("ann", name) is False
    with pytest.raises(AwsError, match="ResponseNotKept"):
        store.keep("ann", kept(name))


class Reluctant:
    """Takes a batch write's first request alone, and that so many times."""

    def __init__(self, behind: BotoClient, times: int) -> None:
        self._behind = behind
        self._times = times

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if action != "BatchWriteItem" or not self._times:
            return self._behind.call(action, request)
        self._times -= 1
        ((table, wanted),) = request["RequestItems"].items()
        self._behind.call(action, {"RequestItems": {table: wanted[:1]}})
        return {"UnprocessedItems": {table: wanted[1:]} if wanted[1:] else {}}


def test_a_batch_that_is_taken_in_part_is_gone_on_with(dynamodb: BotoClient) -> None:
    waits: list[float] = []
    store = KeptResponseStore(Reluctant(dynamodb, 3), "ProxyTable", waits.append)

    store.keep("ann", kept(items=3))

    assert store.read("ann", "resp_1", NOW) == kept(items=3)
    assert waits == [0.1, 0.2, 0.4]


def test_a_response_that_is_not_taken_whole_is_not_there(dynamodb: BotoClient) -> None:
    store = KeptResponseStore(Reluctant(dynamodb, 99), "ProxyTable", lambda _: None)

    with pytest.raises(AwsError):
        store.keep("ann", kept(items=9))

    assert store.read("ann", "resp_1", NOW) is None
