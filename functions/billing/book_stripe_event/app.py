"""Stripe's own event bus: book what an event tells of once, as if it had been posted."""

from typing import Any

from aggregator.errors import JsonObject
from aggregator.payments import wiring
from aggregator.runtime.observability import flush


def handler(event: JsonObject, _context: Any) -> JsonObject:
    """Take an event in EventBridge's envelope."""
    moved = wiring.take_from_bus(event["detail"])
    flush()
    return {"entryId": None if moved is None else moved.entry.id}
