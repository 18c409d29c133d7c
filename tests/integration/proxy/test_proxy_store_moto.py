"""The proxy's store on moto: every expression is taken, and leads to what the in-memory table says."""

import random
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import boto3
import pytest
from moto import mock_aws

from aggregator.errors import InsufficientQuota, RateLimitExceeded, Refusal
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.answers.stored_answer import StoredAnswer, Used, compressed
from aggregator.proxy.limits.rules import Demand, Taken
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.limits.take import give_back, take
from aggregator.runtime.boto_client import BotoClient
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects
from tests.tables import create_table
from tests.unit.proxy.answers.idempotency_desk import NOW as NOON
from tests.unit.proxy.answers.idempotency_desk import request
from tests.unit.proxy.limits.limits_desk import KEY_ITEM, NOW, demand, key

ANSWER = StoredAnswer(201, {"Content-Type": "application/json"}, compressed(b"\x00body\xff"), "r1")


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
def answers(moto: BotoClient) -> AnswerStore:
    return AnswerStore(moto, "ProxyTable", cache(MemoryObjects))


def stored_item() -> dict[str, object]:
    items = boto3.client("dynamodb").scan(TableName="ProxyTable")["Items"]
    assert len(items) == 1
    return {name: sorted(value["SS"]) if "SS" in value else value for name, value in items[0].items()}


def in_memory(memory: MemoryDynamoDb) -> dict[str, object]:
    return {
        name: sorted(value["SS"]) if "SS" in value else value
        for name, value in memory.items[KEY_ITEM].items()
    }


@pytest.mark.parametrize("seed", range(3))
def test_limits_come_to_the_same_as_in_memory(moto: BotoClient, seed: int) -> None:
    chance = random.Random(seed)
    memory = MemoryDynamoDb()
    stores = (LimitStore(moto, "ProxyTable"), LimitStore(memory, "ProxyTable"))
    limits = {
        "requestsPerMinute": 3,
        "tokensPerMinute": 40,
        "concurrentRequests": 2,
        "dailyBudgetNanoUsd": 250,
        "monthlyBudgetNanoUsd": 900,
    }
    now, running, seen = NOW, list[tuple[Taken, Taken]](), set[str]()

    for n in range(60):
        now += timedelta(seconds=chance.choice([0, 5, 20, 70, 200, 40_000]))
        if running and chance.random() < 0.5:
            spent = chance.randint(0, 100)
            pair = running.pop(chance.randrange(len(running)))
            for store, taken in zip(stores, pair, strict=True):
                give_back(store, taken, spent)
                give_back(store, taken, spent)
            assert stored_item() == in_memory(memory)
            continue
        asked = demand(f"r{n}", now, tokens=chance.randint(1, 20))
        said = [_outcome(store, limits, asked) for store in stores]
        assert said[0] == said[1]
        seen.add(type(said[0]).__name__ if isinstance(said[0], Taken) else said[0][:20])
        if isinstance(said[0], Taken) and isinstance(said[1], Taken) and chance.random() < 0.8:
            running.append((said[0], said[1]))

    assert "Taken" in seen
    assert len(seen) >= 3


def _outcome(store: LimitStore, limits: dict[str, int], asked: Demand) -> Taken | str:
    try:
        return take(store, key(**limits), asked)
    except (RateLimitExceeded, InsufficientQuota) as refused:
        refusal: Refusal = refused
        return f"{refusal.message} {refusal.headers}"


def test_a_key_is_claimed_once(answers: AnswerStore) -> None:
    answers.begin(request())

    with pytest.raises(Used) as used:
        answers.begin(request("r2"))

    assert used.value.stored == {
        "pk": "USER#ann",
        "sk": "ANSWER#2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683",
        "body_hash": request().body_hash,
        "request_id": "r1",
        "leased_until": NOON + 161,
        "expires_at": NOON + 86_400,
    }


def test_an_answer_takes_the_place_of_its_claim_and_is_read_back(answers: AnswerStore) -> None:
    answers.begin(request())

    kept = answers.keep(request(), ANSWER)

    with pytest.raises(Used) as used:
        answers.begin(request("r2", now=NOON + 200))
    assert kept
    assert answers.read(used.value.stored) == ANSWER


def test_a_claim_whose_time_is_over_is_taken_over_and_lost_to_its_first_owner(answers: AnswerStore) -> None:
    answers.begin(request())

    answers.begin(request("r2", now=NOON + 161))

    assert not answers.keep(request(), ANSWER)
    assert not answers.forget(request())
    assert stored_item()["request_id"] == {"S": "r2"}


def test_a_freed_key_leaves_nothing_behind(answers: AnswerStore) -> None:
    answers.begin(request())

    freed = answers.forget(request())

    assert freed
    assert boto3.client("dynamodb").scan(TableName="ProxyTable")["Count"] == 0


def test_an_answer_that_is_a_day_old_is_replaced(answers: AnswerStore) -> None:
    answers.begin(request())
    answers.keep(request(), ANSWER)

    answers.begin(request("r2", now=NOON + 86_400))

    assert stored_item()["request_id"] == {"S": "r2"}
