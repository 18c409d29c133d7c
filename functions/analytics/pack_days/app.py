"""Schedule: pack the days that are over, before anybody asks about them."""

from typing import Any

from aggregator.analytics import wiring
from aggregator.analytics.pack_days import pack_days
from aggregator.errors import JsonObject
from aggregator.runtime import clock
from aggregator.runtime.observability import logger

_TO_END_MILLISECONDS = 60_000
"""What the dearest days take that are packed at once: everybody's two and a user's, of 48,000 cells each."""


def handler(_event: JsonObject, context: Any) -> JsonObject:
    """Go on where the last run ended; what there is no time for is the next one's."""
    done = pack_days(
        wiring.reader(), clock.now(), lambda: context.get_remaining_time_in_millis() > _TO_END_MILLISECONDS
    )
    said: JsonObject = {"packed": done.packed, "whole": done.whole}
    logger.info("pack days", **said)
    return said
