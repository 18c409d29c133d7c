"""Requests that hold money, and what they used, as the chat function says it."""

import json
import time
from typing import Any

from aggregator.billing.model import UsageEnd
from aggregator.billing.price import Price, Usage
from aggregator.billing.reserve import reserve
from aggregator.billing.settle_batch import usage_end_of
from aggregator.billing.store import BillingStore
from aggregator.contracts.ai_usage import DETAIL_TYPE, SOURCE, AiUsage

JsonObject = dict[str, Any]

HOLD_NANO_USD = 1_000
ONE_NANO_A_TOKEN = Price(version="1", input=1_000_000, output=1_000_000)


def usage_event(
    store: BillingStore, user_id: str, request_id: str, *, cost: int = 100, now: float | None = None
) -> JsonObject:
    """Take a hold for a request, and return the event of its end."""
    hold = reserve(
        store,
        user_id,
        at_most_nano_usd=HOLD_NANO_USD,
        at_least_nano_usd=HOLD_NANO_USD,
        now_epoch_seconds=time.time() if now is None else now,
    )
    return {
        "version": 1,
        "requestId": request_id,
        "userId": user_id,
        "keyId": "key",
        "occurredAt": "2026-11-23T06:00:00.000Z",
        "hold": {"amountNanoUsd": hold.amount_nano_usd, "bucket": hold.bucket},
        "model": "made-up",
        "provider": "made-up",
        "attempts": 1,
        "surface": "chat",
        "stream": False,
        "outcome": "completed",
        "status": 200,
        "usage": Usage(output_tokens=cost).to_json(),
        "price": ONE_NANO_A_TOKEN.to_json(),
        "costNanoUsd": cost,
        "latencyMs": 1,
    }


def end_of(event: JsonObject) -> UsageEnd:
    """The same as the ledger sees it."""
    return usage_end_of(AiUsage.model_validate(event))


def body_of(event: JsonObject) -> str:
    """Message body on the billing-usage queue."""
    return json.dumps({"version": "0", "source": SOURCE, "detail-type": DETAIL_TYPE, "detail": event})
