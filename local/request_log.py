"""One readable line for each request that passed the front door."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MODEL_HEADER = "x-aggregator-model"
COST_HEADER = "x-aggregator-cost-usd"
REQUEST_ID_HEADER = "x-request-id"

_MESSAGES_TOKENS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")

# Enough for the last chunks of a stream, which hold its usage, and for a whole plain answer of usual size.
KEPT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of a request once its answer is over. `note` says what cut it short."""

    at: str
    method: str
    path: str
    status: int
    milliseconds: float
    headers: Mapping[str, str]
    tail: bytes = b""
    note: str = ""


def line_of(served: Served) -> str:
    """Time, call, status, duration, then whatever is known of model, tokens, cost and request id."""
    headers = {name.lower(): value for name, value in served.headers.items()}
    facts = _facts_in(served.tail)
    details = [
        headers.get(MODEL_HEADER) or facts.get("model", ""),
        f"{facts['tokens']} tokens" if "tokens" in facts else "",
        f"${cost}" if (cost := headers.get(COST_HEADER) or facts.get("cost")) else "",
        facts.get("code", ""),
        served.note,
        headers.get(REQUEST_ID_HEADER, "")[:21],
    ]
    call = f"{served.method} {served.path}"
    start = f"{served.at}  {call:<38} {served.status}  {served.milliseconds:6.0f} ms"
    return "  ".join([start, *filter(None, details)])


def _facts_in(tail: bytes) -> dict[str, str]:
    """Model, tokens, cost and error code that an answer tells of itself: one JSON text, or chunks of a stream."""
    facts: dict[str, str] = {}
    for text in re.findall(rb"^(?:data: )?(\{.*\})\s*$", tail, re.MULTILINE):
        try:
            said = json.loads(text)
        except ValueError:
            continue
        facts |= _facts_of(said)
    return facts


def _facts_of(said: dict[str, Any]) -> dict[str, str]:
    """Responses tell theirs in the event that has the whole response."""
    if isinstance(said.get("response"), dict):
        return _facts_of(said["response"])
    usage, error = said.get("usage"), said.get("error")
    facts = {}
    if isinstance(said.get("model"), str):
        facts["model"] = said["model"]
    if isinstance(usage, dict) and (tokens := _tokens_of(usage)) is not None:
        facts["tokens"] = str(tokens)
    if isinstance(usage, dict) and "cost_usd" in usage:
        facts["cost"] = str(usage["cost_usd"])
    if isinstance(error, dict) and error.get("code"):
        facts["code"] = str(error["code"])
    return facts


def _tokens_of(usage: dict[str, Any]) -> int | None:
    """All tokens of an answer; Messages tells its parts, what was read from the cache beside the rest of the input."""
    if "total_tokens" in usage:
        return int(usage["total_tokens"])
    if not {"input_tokens", "output_tokens"} <= usage.keys():
        return None
    return sum(int(usage.get(name) or 0) for name in _MESSAGES_TOKENS)
