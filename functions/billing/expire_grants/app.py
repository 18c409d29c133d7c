"""Schedule: see grants off that have ended, and give who is on a plan the credit of a month that begins."""

from typing import Any

from aggregator.billing import wiring
from aggregator.billing.plans import wiring as plans
from aggregator.errors import JsonObject
from aggregator.runtime.observability import flush


def handler(_event: JsonObject, _context: Any) -> JsonObject:
    """Look at all that ended, and at all plans, whoever asks for it."""
    run, monthly = wiring.expire_due(), plans.give_monthly_credits()
    flush()
    return {
        "grants": run.grants,
        "held": run.held,
        "failed": run.failed + monthly.failed,
        "monthlyCredits": monthly.given,
    }
