"""Every minute: whoever agreed to automatic top-ups and has less than their threshold is charged."""

from typing import Any

from aggregator.errors import JsonObject
from aggregator.payments import wiring
from aggregator.runtime.observability import flush

_TO_END_MILLISECONDS = 100_000
"""What the dearest charge that is under way may take: it is looked up, asked for, and given up, three tries each."""


def handler(_event: JsonObject, context: Any) -> JsonObject:
    charged = wiring.top_up().everybody(lambda: context.get_remaining_time_in_millis() > _TO_END_MILLISECONDS)
    flush()
    return {"charged": charged}
