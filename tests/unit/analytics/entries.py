"""Ledger entries and their events, as short as a test wants them."""

from datetime import UTC, datetime
from typing import Any

from aggregator.analytics.event import entry_of
from aggregator.analytics.model import Entry

MORNING = datetime(2026, 11, 23, 6, 19, 0, tzinfo=UTC)


def usage_event(
    entry_id: str = "r1",
    user_id: str = "ann",
    occurred_at: str = "2026-11-23T06:19:00.123Z",
    cost: int = 40,
    **usage: Any,
) -> dict[str, Any]:
    charged = {
        "requestId": entry_id,
        "keyId": "k1",
        "model": "gpt-4o-mini",
        "provider": "openai",
        "surface": "chat",
        "stream": False,
        "status": 200,
        "outcome": "completed",
        "attempts": 1,
        "inputTokens": 100,
        "cachedInputTokens": 20,
        "cacheWriteTokens": 10,
        "outputTokens": 50,
        "reasoningTokens": 5,
        "images": 0,
        "estimated": False,
        "chargedNanoUsd": cost,
        "priceVersion": "2026-11-01",
        "latencyMs": 1000,
        "timeToFirstTokenMs": 200,
    }
    return {
        "version": 1,
        "entryId": entry_id,
        "userId": user_id,
        "kind": "usage",
        "occurredAt": occurred_at,
        "amountNanoUsd": -cost,
        "postings": [
            {"account": f"wallet:{user_id}", "amountNanoUsd": -cost},
            {"account": "revenue", "amountNanoUsd": cost},
        ],
        "usage": charged | usage,
    }


def money_event(
    kind: str,
    amount: int,
    entry_id: str = "m1",
    user_id: str = "ann",
    occurred_at: str = "2026-11-23T06:30:00.000Z",
) -> dict[str, Any]:
    return {
        "version": 1,
        "entryId": entry_id,
        "userId": user_id,
        "kind": kind,
        "occurredAt": occurred_at,
        "amountNanoUsd": amount,
        "postings": [
            {"account": f"wallet:{user_id}", "amountNanoUsd": amount},
            {"account": "cash", "amountNanoUsd": -amount},
        ],
    }


def usage_entry(*args: Any, **kwargs: Any) -> Entry:
    return entry_of(usage_event(*args, **kwargs))


def money_entry(*args: Any, **kwargs: Any) -> Entry:
    return entry_of(money_event(*args, **kwargs))


def no_pause(seconds: float) -> None:
    assert seconds >= 0
