"""Schedule: begin a reconcile; the accounts are examined by `reconcile_accounts`, by way of a queue."""

from typing import Any

from aggregator.billing import reconcile_wiring as wiring
from aggregator.errors import JsonObject


def handler(_event: JsonObject, _context: Any) -> JsonObject:
    """Begin a run, whoever asks for it."""
    return wiring.start()
