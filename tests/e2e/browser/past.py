"""A month of usage for pictures: the same numbers each time, told to analytics as billing tells it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import boto3

from local.emulator import ACCOUNT, REGION
from tests.e2e.stack import Stack

JsonObject = dict[str, Any]

_MODELS = (  # provider, model, nano-dollars a token in and out
    ("anthropic", "claude-sonnet-4-5", 3_000, 15_000),
    ("openai", "gpt-4o-mini", 150, 600),
    ("gemini", "gemini-2.5-flash", 300, 2_500),
)
_DAYS = 29
_A_BATCH = 10


def tell(stack: Stack, user_id: str, key_id: str) -> None:
    """Send what the user asked on each of the last days but today."""
    queue = boto3.client(
        "sqs",
        endpoint_url=stack.emulator_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",
    )
    events = list(_events(user_id, key_id))
    for begin in range(0, len(events), _A_BATCH):
        queue.send_message_batch(
            QueueUrl=stack.resources["AnalyticsEventsQueue"],
            Entries=[
                {"Id": str(at), "MessageBody": json.dumps(event)}
                for at, event in enumerate(events[begin : begin + _A_BATCH])
            ],
        )


def spent_nano_usd(user_id: str, key_id: str) -> int:
    """What all that cost."""
    return -sum(int(event["detail"]["amountNanoUsd"]) for event in _events(user_id, key_id))


def _events(user_id: str, key_id: str) -> Iterator[JsonObject]:
    chance = Random(7)
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    for ago in range(_DAYS, 0, -1):
        day = noon - timedelta(days=ago)
        busy = 1 if day.weekday() >= 5 else 4
        for provider, model, per_input, per_output in _MODELS:
            for turn in range(busy):
                moment = day + timedelta(minutes=turn * 30 + chance.randrange(30))
                read, written = chance.randrange(2_000, 40_000), chance.randrange(200, 4_000)
                cost = read * per_input + written * per_output
                yield _told((user_id, key_id), moment, (provider, model), (read, written), cost)


def _told(
    who: tuple[str, str], moment: datetime, route: tuple[str, str], tokens: tuple[int, int], cost: int
) -> JsonObject:
    """One entry of the ledger, as billing says it."""
    request_id = f"{int(moment.timestamp() * 1000):012x}-{tokens[0]:08x}-{tokens[1]:08x}"
    (user_id, key_id), (provider, model) = who, route
    return {
        "version": "0",
        "id": request_id,
        "detail-type": "transaction_created",
        "source": "aggregator.billing",
        "detail": {
            "version": 1,
            "entryId": f"usage#{request_id}",
            "userId": user_id,
            "kind": "usage",
            "occurredAt": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "amountNanoUsd": -cost,
            "postings": [
                {"account": f"wallet:{user_id}", "amountNanoUsd": -cost},
                {"account": "revenue", "amountNanoUsd": cost},
            ],
            "usage": {
                "requestId": request_id,
                "keyId": key_id,
                "model": model,
                "provider": provider,
                "surface": "chat",
                "stream": True,
                "status": 200,
                "outcome": "completed",
                "attempts": 1,
                "inputTokens": tokens[0],
                "cachedInputTokens": 0,
                "cacheWriteTokens": 0,
                "outputTokens": tokens[1],
                "reasoningTokens": 0,
                "images": 0,
                "estimated": False,
                "chargedNanoUsd": cost,
                "priceVersion": "2026-11-01",
                "latencyMs": 400 + tokens[1] // 2,
                "timeToFirstTokenMs": 200 + tokens[1] % 300,
            },
        },
    }
