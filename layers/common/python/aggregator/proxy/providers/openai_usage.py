"""Usage as OpenAI-compatible providers report it, with the ways in which they differ.

Sources: OpenAI API reference ("usage"); DeepSeek API docs (`prompt_cache_hit_tokens`); xAI and Gemini count
reasoning in `total_tokens` only, so what a total holds beyond its parts is output.
"""

from collections.abc import Mapping
from typing import Any

from aggregator.billing.price import Usage
from aggregator.proxy.model import JsonObject

_TOO_MANY = 2**40  # no answer has a trillion tokens; infinity and NaN are not below it either


def usage_of(said: Any) -> Usage | None:
    """Usage of an answer; None where the provider gave none that can be charged by."""
    if not isinstance(said, Mapping):
        return None
    prompt = _number(said, "prompt_tokens")
    completion = _number(said, "completion_tokens")
    if not prompt or completion is None:
        return None
    output = max(completion, (_number(said, "total_tokens") or 0) - prompt)
    read = said.get("prompt_tokens_details")
    written = said.get("completion_tokens_details")
    cached = _number(read, "cached_tokens") or _number(said, "prompt_cache_hit_tokens") or 0
    cache_write = _number(read, "cache_write_tokens") or _number(read, "cache_creation_tokens") or 0
    reasoning = _number(written, "reasoning_tokens") or 0
    cached = min(cached, prompt)
    return Usage(
        input_tokens=prompt,
        output_tokens=output,
        cached_input_tokens=cached,
        cache_write_tokens=min(cache_write, prompt - cached),
        reasoning_tokens=min(reasoning, output),
    )


def usage_json(usage: Usage, said: Mapping[str, Any] | None = None) -> JsonObject:
    """Usage for the client: what the provider said, with all three totals."""
    return {
        **(said or {}),
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


def _number(said: Any, name: str) -> int | None:
    value = said.get(name) if isinstance(said, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _TOO_MANY:
        return None
    return int(value)
