"""Every minute: what is due goes to the webhooks; every fifth, what users should hear of is looked for."""

from typing import Any

from aggregator.alerts import wiring
from aggregator.errors import JsonObject
from aggregator.runtime import clock
from aggregator.runtime.observability import flush, logger

_LOOKS_EVERY = 5
_TO_END_MILLISECONDS = 40_000
"""What the dearest tries that are under way may take: two of each thread, of receivers that take all their time."""


def handler(_event: JsonObject, context: Any) -> JsonObject:
    new = wiring.watch() if clock.now().minute % _LOOKS_EVERY == 0 else 0
    arrived = wiring.sender().send_due(lambda: context.get_remaining_time_in_millis() > _TO_END_MILLISECONDS)
    said: JsonObject = {"new": new, "arrived": arrived}
    logger.info("alerts", **said)
    flush()
    return said
