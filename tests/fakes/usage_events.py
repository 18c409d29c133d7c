"""`ai_usage` events as the proxy emits them."""

from typing import Any

from aggregator.runtime.aws import JsonObject
from tests.fakes.ledger_world import BUCKET, MOMENT


def ai_usage(request_id: str = "r1", cost: int = 40, held: int = 100, **fields: Any) -> JsonObject:
    """The detail of one event; a nano-dollar a token, all of it output."""
    return {
        "version": 1,
        "requestId": request_id,
        "userId": "ann",
        "keyId": "k1",
        "occurredAt": MOMENT,
        "hold": {"amountNanoUsd": held, "bucket": BUCKET},
        "model": "mini",
        "provider": "openai",
        "attempts": 1,
        "surface": "chat",
        "stream": True,
        "outcome": "completed",
        "status": 200,
        "usage": {
            "inputTokens": 0,
            "cachedInputTokens": 0,
            "cacheWriteTokens": 0,
            "outputTokens": cost,
            "reasoningTokens": 0,
            "images": 0,
            "estimated": False,
        },
        "price": {"version": "1", "input": 1_000_000, "output": 1_000_000},
        "costNanoUsd": cost,
        "latencyMs": 1200,
        "timeToFirstTokenMs": 300,
    } | fields
