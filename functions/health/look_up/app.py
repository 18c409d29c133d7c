"""Custom widget of the dashboard: a user's money, one request through all steps, dead letters; reads only."""

from typing import Any

from aggregator.health.look_up import look_up
from aggregator.health.look_up_wiring import sources


def handler(event: dict[str, Any], context: Any) -> str:
    return look_up(event, context.invoked_function_arn, sources())
