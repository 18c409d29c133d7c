"""What an answer that is given again, from a store or a cache, says of money: this time it cost nothing.

Pure. A stream carries its receipt in its last events, whatever the surface: see `answer.usage_chunk`, `receipt_in`.
"""

import json
from collections.abc import Mapping
from typing import Any

from aggregator.errors import ProviderUnreadable
from aggregator.runtime.sse import payload_of

NOTHING = "0.00"
_COST = "x-aggregator-cost-usd"
_FREE = {_COST: NOTHING, "x-aggregator-hold-usd": NOTHING}
_OF_THEN = "x-aggregator-balance-usd"
_RECEIPT = frozenset({"cost_usd", "hold_usd", "price_version", "request_id"})


def free_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer, with what it costs now, and what it did cost beside it; without the balance of then."""
    told = {
        name: _FREE.get(name.lower(), value) for name, value in headers.items() if name.lower() != _OF_THEN
    }
    cost = next((value for name, value in headers.items() if name.lower() == _COST), None)
    return told if cost is None else told | {"x-aggregator-original-cost-usd": cost}


def free_events(body: bytes, request_id: str) -> bytes:
    """A stream whose receipt says that this time it cost nothing, and to whom it belongs; all else as it was."""
    if b'"cost_usd"' not in body:
        return body
    return b"\n\n".join(
        _freed(event, request_id) if b'"cost_usd"' in event else event for event in body.split(b"\n\n")
    )


def _freed(event: bytes, request_id: str) -> bytes:
    try:
        said = json.loads(payload_of(event))
    except (ProviderUnreadable, ValueError, RecursionError):
        return event
    found = False
    waiting = [said]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.keys() >= _RECEIPT:
                found = True
                value.pop("balance_usd", None)
                value |= {"cost_usd": NOTHING, "hold_usd": NOTHING, "request_id": request_id}
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    if not found:
        return event
    data = json.dumps(said, separators=(",", ":")).encode()
    lines = [line for line in event.split(b"\n") if not line.startswith(b"data:")]
    return b"\n".join([*lines, b"data: " + data])


def is_stream(headers: Mapping[str, Any]) -> bool:
    """Whether these are the headers of a stream of events."""
    return any(
        name.lower() == "content-type" and value.startswith("text/event-stream")
        for name, value in headers.items()
    )
