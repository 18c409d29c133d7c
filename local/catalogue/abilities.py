"""What litellm's price file says that a model can do, and how much it takes."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

JsonObject = dict[str, Any]

# Our name of an ability: litellm's.
ABILITIES = {
    "tools": "supports_function_calling",
    "parallelTools": "supports_parallel_function_calling",
    "vision": "supports_vision",
    "jsonSchema": "supports_response_schema",
    "reasoning": "supports_reasoning",
    "promptCaching": "supports_prompt_caching",
}


def abilities(fact: JsonObject, provider: JsonObject, upstream: str = "") -> list[str]:
    """What a model can do on a provider's endpoint, which may be less than the model itself can.

    `onlyModels` names abilities that the endpoint gives to certain models, whatever the price file says of them.
    """
    if fact["mode"] == "embedding":
        return ["embeddings"]
    able = ["chat", "streaming", *(ours for ours, theirs in ABILITIES.items() if fact.get(theirs))]
    if "cache_read_input_token_cost" in fact:
        able.append("promptCaching")
    if fact.get("supports_audio_input") and _audio_costs_no_more_than_text(fact):
        able.append("audioInput")
    if fact["mode"] == "responses":
        able.append("onlyResponses")
        if not fact.get("supports_native_streaming"):
            able.remove("streaming")
    if "tools" in able:
        able += provider.get("has", [])
    only: JsonObject = provider.get("onlyModels", {})
    able = [each for each in able if each not in only and each not in provider.get("lacks", [])]
    able += [each for each in only if any(fnmatchcase(upstream, pattern) for pattern in only[each])]
    return list(dict.fromkeys(able))


def _audio_costs_no_more_than_text(fact: JsonObject) -> bool:
    return Decimal(fact.get("input_cost_per_audio_token") or 0) <= Decimal(fact["input_cost_per_token"])


def fact_of(facts: Mapping[str, JsonObject], prefixes: Iterable[str], upstream: str) -> JsonObject:
    """What the price file says of a provider's model.

    Raises:
        SystemExit: it says nothing.
    """
    names = [prefix + name for prefix in prefixes for name in (upstream, upstream.rsplit("/", 1)[-1])]
    for name in names:
        if name in facts:
            return facts[name]
    raise SystemExit(f"litellm's file knows none of {names}")


def limits(fact: JsonObject) -> JsonObject:
    """The most that a model reads, and writes if it does."""
    limits = {"maxInputTokens": fact["max_input_tokens"]}
    if fact["mode"] != "embedding":
        limits["maxOutputTokens"] = fact["max_output_tokens"]
    return limits


def context_window(fact: JsonObject) -> int:
    """OpenAI's reasoning models: litellm states the input limit, which leaves room for the output."""
    limit: int = fact["max_input_tokens"]
    return limit + int(fact["max_output_tokens"]) if limit in {272_000, 922_000} else limit
