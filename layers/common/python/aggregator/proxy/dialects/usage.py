"""Usage as providers report it: the one reader of all spellings, and what clients get of it.

| who                              | says                                                                             |
|----------------------------------|----------------------------------------------------------------------------------|
| OpenAI, Azure, Groq, Z.ai, ...   | `prompt_tokens`, the cache in `prompt_tokens_details.cached_tokens`, within it   |
| Responses, and gateways to them  | `input_tokens`, `input_tokens_details`, `output_tokens`, `output_tokens_details` |
| DeepSeek                         | `prompt_cache_hit_tokens`, within the prompt                                     |
| Moonshot, Together               | `cached_tokens`; in a stream within the last choice (`choices[0].usage`)         |
| Mistral                          | `num_cached_tokens`, or `prompt_token_details`                                   |
| Groq                             | in a stream also under `x_groq.usage`                                            |
| OpenRouter, Qwen                 | writes of the cache in `prompt_tokens_details`                                   |
| Anthropic                        | `input_tokens`, and reads and writes of the cache beside it, not within          |
| Bedrock                          | the same, in camelCase; `cacheDetails` tells how long what was written stays     |
| Gemini                           | thoughts beside the candidates' tokens, prompts of tools beside the prompt       |
| xAI                              | thoughts in the total only, or beside the completion                             |

Sources: the API references of each; what a total holds beyond its parts is the cache where it is just that many, and
output otherwise. Standard library only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aggregator.billing.price import Usage
from aggregator.proxy.model import JsonObject

_NUMBERS = (int, float)  # JSON's own; true and false are none
_TOO_MANY = 2**40  # no answer has a trillion tokens; infinity and NaN are not below it either

_INPUT = ("prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount")
_OUTPUT = ("completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount")
_TOTAL = ("total_tokens", "totalTokens", "totalTokenCount")
_INPUT_DETAILS = (
    "prompt_tokens_details", "input_tokens_details", "prompt_token_details", "input_token_details",
)  # fmt: skip
_OUTPUT_DETAILS = (
    "completion_tokens_details", "output_tokens_details", "completion_token_details", "output_token_details",
)  # fmt: skip
_READ = (
    "cached_tokens", "cache_read_tokens", "cache_read_input_tokens", "num_cached_tokens",
    "prompt_cache_hit_tokens", "cacheReadInputTokens", "cachedContentTokenCount",
)  # fmt: skip
_WRITTEN = (
    "cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens", "cache_write_input_tokens",
    "cacheWriteInputTokens",
)  # fmt: skip
_FOR_5_MINUTES = ("ephemeral_5m_input_tokens",)
_FOR_AN_HOUR = ("ephemeral_1h_input_tokens", "cache_write_1h_tokens")
_REASONING = ("reasoning_tokens", "thinking_tokens", "thoughtsTokenCount")

_IN_AND_OUT = frozenset({*_INPUT, *_OUTPUT, *_TOTAL})
"""Who counts under these names alone read and wrote no cache."""

_SPLIT = frozenset({"cache_creation", "cacheDetails"})

_INPUT_BESIDE = ("toolUsePromptTokenCount",)
_REASONING_BESIDE = ("thoughtsTokenCount",)
_CACHE_BESIDE = ("input_tokens", "inputTokens")
"""Who calls the input so, and names its cache beside it, means what no cache was read or written for."""


def usage_in(answer: Mapping[str, Any]) -> tuple[Usage | None, JsonObject]:
    """Usage of an answer or of an event of one, wherever it stands, and how it was said there."""
    choices = answer.get("choices")
    for holder in (answer, answer.get("x_groq"), *(choices if isinstance(choices, list) else ())):
        said: Any = holder.get("usage") if isinstance(holder, dict) else None
        if said and (usage := usage_of(said)) is not None:
            return usage, dict(said)
    return None, {}


def usage_of(said: Any) -> Usage | None:
    """Usage as it was said; None where there is none that can be charged by.

    A provider that says only a part of it is taken at its word: input or output of 0 are still to be counted.
    """
    if not said or not isinstance(said, dict):
        return None
    details, written_details = _within(said, _INPUT_DETAILS), _within(said, _OUTPUT_DETAILS)
    whole, part, written_part = _counts(said), _counts(details), _counts(written_details)
    prompt = _first(_INPUT, whole) + _first(_INPUT_BESIDE, whole)
    completion = _first(_OUTPUT, whole) + _first(_REASONING_BESIDE, whole)
    total = _first(_TOTAL, whole)
    read = written = for_an_hour = reasoning = 0
    plain = whole.keys() <= _IN_AND_OUT and _SPLIT.isdisjoint(said) and _SPLIT.isdisjoint(details)
    if part or written_part or not plain:
        read = _first(_READ, part) or _first(_READ, whole)
        for_an_hour, for_5_minutes = _by_time(said, details, part)
        written = max(_first(_WRITTEN, part) or _first(_WRITTEN, whole), for_5_minutes + for_an_hour)
        reasoning = _first(_REASONING, written_part) or _first(_REASONING, whole)
    cache = read + written
    rest = total - prompt - completion
    if cache and _is_beside(said, prompt, cache, rest, reasoning):
        prompt += cache
        rest = max(rest - cache, 0) if total else 0
    output = completion + max(rest, 0)
    if not total and reasoning > completion:
        output = completion + reasoning
    if not prompt and not output:
        return None
    read = min(read, prompt)
    written = min(written, prompt - read)
    return Usage(
        input_tokens=prompt,
        output_tokens=output,
        cached_input_tokens=read,
        cache_write_tokens=written,
        cache_write_hour_tokens=min(for_an_hour, written),
        reasoning_tokens=min(reasoning, output),
    )


def usage_json(usage: Usage, said: Mapping[str, Any] | None = None) -> JsonObject:
    """Usage for the client: what the provider said, with all three totals, and its cache where OpenAI has it."""
    told = {
        **(said or {}),
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    parts = {
        "cached_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.cache_write_hour_tokens,
    }
    if found := {name: count for name, count in parts.items() if count}:
        told["prompt_tokens_details"] = _as_object(told.get("prompt_tokens_details")) | found
    if usage.reasoning_tokens:
        details = _as_object(told.get("completion_tokens_details"))
        told["completion_tokens_details"] = details | {"reasoning_tokens": usage.reasoning_tokens}
    return told


def _is_beside(said: Mapping[str, Any], prompt: int, cache: int, rest: int, reasoning: int) -> bool:
    """Whether the cache's tokens are counted beside the prompt's, and not among them."""
    if cache > prompt or _as_anthropic(said):
        return True
    return rest in (cache, cache + reasoning) and rest != reasoning


def _as_anthropic(said: Mapping[str, Any]) -> bool:
    named = next((name for name in _INPUT if name in said), "")
    return named in _CACHE_BESIDE and any(
        name in said
        for name in (
            "cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens",
        )
    )  # fmt: skip


def _by_time(said: Mapping[str, Any], details: Mapping[str, Any], part: Mapping[str, int]) -> tuple[int, int]:
    """How much was written to a cache to stay for an hour, and for five minutes, where that is told apart."""
    for_an_hour = for_5_minutes = 0
    for each in (said, details):
        if isinstance(split := each.get("cache_creation"), dict):
            counts = _counts(split)
            for_5_minutes = for_5_minutes or _first(_FOR_5_MINUTES, counts)
            for_an_hour = for_an_hour or _first(_FOR_AN_HOUR, counts)
    for_an_hour = for_an_hour or _first(_FOR_AN_HOUR, part)
    by_time = said.get("cacheDetails")
    for each in by_time if isinstance(by_time, list) else ():
        if isinstance(each, dict) and each.get("ttl") == "1h":
            for_an_hour += _counts(each).get("inputTokens", 0)
    return for_an_hour, for_5_minutes


def _counts(said: Mapping[str, Any]) -> dict[str, int]:
    """The counts that are more than 0: few of all that is said, so that looking for a name in them costs little."""
    if not any(said.values()):
        return {}
    return {
        name: int(value) for name, value in said.items() if type(value) in _NUMBERS and 1 <= value < _TOO_MANY
    }


def _first(names: Iterable[str], counts: Mapping[str, int]) -> int:
    """The count under the first of these names that has one."""
    if counts:
        for name in names:
            if name in counts:
                return counts[name]
    return 0


def _within(said: Mapping[str, Any], names: Iterable[str]) -> JsonObject:
    for name in names:
        if isinstance(each := said.get(name), dict):
            return each
    return {}


def _as_object(said: Any) -> JsonObject:
    return dict(said) if isinstance(said, dict) else {}
