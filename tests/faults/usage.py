"""Requests that hold money, and what they used, as the chat function says it."""

import json
import time
from dataclasses import dataclass
from typing import Any, Self

from aggregator.billing.cost import cost_of
from aggregator.billing.entry import UsageEnd
from aggregator.billing.price import Price, Usage
from aggregator.billing.reserve import reserve
from aggregator.billing.settle_batch import usage_end_of
from aggregator.billing.store import BillingStore
from aggregator.contracts.ai_usage import DETAIL_TYPE, SOURCE, AiUsage
from aggregator.orchestrator.load_catalogue import packaged

JsonObject = dict[str, Any]

HOLD_NANO_USD = 10_000
OUTPUT_TOKENS = 10


@dataclass(frozen=True)
class Model:
    """What was called, and its price then."""

    name: str
    provider: str
    price: Price

    @classmethod
    def of_the_catalogue(cls, name: str) -> Self:
        """A model as the platform is shipped with it."""
        (model,) = (each for each in packaged()["models"] if each["id"] == name)
        return cls(name, model["routes"][0]["provider"], Price.from_json(model["prices"][0]))


MADE_UP = Model("made-up", "made-up", Price(version="1", input=10_000_000, output=10_000_000))


def usage_event(
    store: BillingStore, user_id: str, request_id: str, *, model: Model = MADE_UP, now: float | None = None
) -> JsonObject:
    """Take a hold for a request, and return the event of its end: it used ten tokens."""
    usage = Usage(output_tokens=OUTPUT_TOKENS)
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
        "model": model.name,
        "provider": model.provider,
        "attempts": 1,
        "surface": "chat",
        "stream": False,
        "outcome": "completed",
        "status": 200,
        "usage": usage.to_json(),
        "price": model.price.to_json(),
        "costNanoUsd": cost_of(usage, model.price),
        "latencyMs": 1,
    }


def end_of(event: JsonObject) -> UsageEnd:
    """The same as the ledger sees it."""
    return usage_end_of(AiUsage.model_validate(event))


def body_of(event: JsonObject) -> str:
    """Message body on the billing-usage queue."""
    return json.dumps({"version": "0", "source": SOURCE, "detail-type": DETAIL_TYPE, "detail": event})
