"""Reasoning between requests: what a provider wants back of an answer, in the fields that a surface's clients return.

A chat completion carries it in `reasoning_details` (form: OpenRouter API reference, "Reasoning tokens"). The Messages
API has `signature` and `redacted_thinking.data` for it, Responses `encrypted_content`. Claude's own stands in the
former as Claude said it; what another provider sealed is packed into one text.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from aggregator.errors import JsonObject
from aggregator.runtime import passable_json

CLAUDE = "anthropic-claude-v1"
_PACKED = "agg1."


def packed(details: Any) -> str:
    """Any JSON as one text without spaces."""
    return _PACKED + b64encode(json.dumps(details, separators=(",", ":")).encode()).decode()


def is_packed(text: str) -> bool:
    """Whether `packed` wrote a text: no provider can read it as it is."""
    return text.startswith(_PACKED)


def unpacked(text: str) -> list[JsonObject]:
    """The details in a text that `packed` wrote; none in any other."""
    if not is_packed(text):
        return []
    try:
        said = passable_json.read(b64decode(text.removeprefix(_PACKED), validate=True))
    except ValueError:
        return []
    return [each for each in (said if isinstance(said, list) else [said]) if isinstance(each, dict)]


def is_claudes(detail: JsonObject) -> bool:
    """Whether Claude sealed it: then its signature or data goes in and out as it is."""
    return detail.get("format") in (None, CLAUDE)


def thought_of_claude(text: str, signature: str) -> JsonObject:
    """The detail of a block of Claude's thinking."""
    return {"type": "reasoning.text", "text": text, "signature": signature, "format": CLAUDE}


def hidden_thought_of_claude(data: str) -> JsonObject:
    """The detail of a block of thinking that Claude shows to nobody."""
    return {"type": "reasoning.encrypted", "data": data, "format": CLAUDE}
