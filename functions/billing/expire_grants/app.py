"""Schedule: see grants off that have ended; what is left of them, and nobody holds, goes back."""

from typing import Any

from aggregator.billing import wiring
from aggregator.errors import JsonObject
from aggregator.runtime.observability import flush


def handler(_event: JsonObject, _context: Any) -> JsonObject:
    """Look at all that ended, whoever asks for it."""
    run = wiring.expire_due()
    flush()
    return {"grants": run.grants, "held": run.held, "failed": run.failed}
