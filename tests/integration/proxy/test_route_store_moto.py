"""What environments tell each other, on moto: every expression is taken, and comes to what the in-memory table says."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from aggregator.proxy.answers.response_cache import CachedAnswer
from aggregator.proxy.answers.response_store import ResponseStore
from aggregator.proxy.routing.breaker import Opened
from aggregator.proxy.routing.store import RouteStore
from aggregator.runtime.boto_client import BotoClient
from tests.tables import create_table

NOW = 1_795_000_000.5
ROUTE = "groq/openai/gpt-oss-20b"


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[BotoClient]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        dynamodb = BotoClient("dynamodb")
        create_table(dynamodb, "ProxyTable")
        yield dynamodb


@pytest.fixture
def routes(moto: BotoClient) -> RouteStore:
    return RouteStore(moto, "ProxyTable")


def test_nothing_is_open_at_first(routes: RouteStore) -> None:
    assert routes.opened() == {}


def test_a_circuit_opens_and_closes(routes: RouteStore) -> None:
    routes.open(ROUTE, Opened(100, 130), NOW)
    routes.open("openai/gpt-4o", Opened(110, 140), NOW)
    both = routes.opened()

    routes.close(ROUTE)

    assert both == {ROUTE: Opened(100, 130), "openai/gpt-4o": Opened(110, 140)}
    assert routes.opened() == {"openai/gpt-4o": Opened(110, 140)}


def test_a_claim_is_won_once(routes: RouteStore) -> None:
    routes.open(ROUTE, Opened(100, 130), NOW)

    won = [routes.claim(ROUTE, Opened(100, 130), Opened(100, 160 + n), NOW) for n in range(3)]

    assert won == [True, False, False]
    assert routes.opened() == {ROUTE: Opened(100, 160)}


def test_a_circuit_that_was_closed_meanwhile_cannot_be_claimed(routes: RouteStore) -> None:
    assert not routes.claim(ROUTE, Opened(100, 130), Opened(100, 160), NOW)
    assert routes.opened() == {}


def test_what_is_told_is_forgotten_a_day_later(routes: RouteStore) -> None:
    routes.open(ROUTE, Opened(100, 130), NOW)
    routes.exchanged({ROUTE: 120}, NOW)

    items = boto3.client("dynamodb").scan(TableName="ProxyTable")["Items"]

    assert [item["expires_at"] for item in items] == [{"N": "1795086400"}] * 2


def test_averages_are_exchanged(routes: RouteStore) -> None:
    nobody_knows = routes.exchanged({}, NOW)
    told = routes.exchanged({ROUTE: 120, "openai/gpt-4o chat": 900}, NOW)
    told_again = routes.exchanged({ROUTE: 90}, NOW)

    assert nobody_knows == {}
    assert told == {ROUTE: 120, "openai/gpt-4o chat": 900}
    assert told_again == routes.exchanged({}, NOW) == {ROUTE: 90, "openai/gpt-4o chat": 900}


def test_a_cached_answer_comes_back_byte_for_byte_to_its_user_alone(moto: BotoClient) -> None:
    store = ResponseStore(moto, "ProxyTable")
    answer = CachedAnswer({"Content-Type": "application/json"}, b"\x00packed\xff", "r1", 1_795_000_000)

    store.keep("ann", "f00", answer, 1_795_000_060)

    assert store.read("ann", "f00") == answer
    assert store.read("bob", "f00") is None
    assert store.read("ann", "ba4") is None
