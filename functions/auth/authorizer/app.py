"""REQUEST authorizer: prove who calls, from the API key; see aggregator/auth/policy.py for what it answers."""

from typing import Any

from aggregator.auth import hot_wiring


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return hot_wiring.answer(event)


hot_wiring.warm()
