"""What readers of providers' answers share: JSON off the wire, counts, texts. Standard library only."""

import json
from typing import Any

from aggregator.errors import ProviderUnreadable
from aggregator.proxy.model import JsonObject
from aggregator.runtime.sse import provider_json

_MOST_TOKENS = 2**40


def read_json(body: bytes) -> JsonObject:
    """The JSON object a provider answered.

    Raises:
        ProviderUnreadable: there is none.
    """
    said = provider_json(body, "The provider answered what is not JSON.")
    if not isinstance(said, dict):
        raise ProviderUnreadable("The provider answered without a completion.")
    return said


def number(said: Any, name: str) -> int:
    """A number from 0 on; 0 where there is none, or none that can be."""
    value = said.get(name) if isinstance(said, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST_TOKENS:
        return 0
    return int(value)


def compact(value: Any) -> str:
    """JSON without spaces, with letters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def new_call_id() -> str:
    """An id for a call whose provider gave none: no other call has it, in this answer or another."""
    from uuid import uuid4  # noqa: PLC0415 (most providers give one)

    return f"call_{uuid4().hex[:24]}"
