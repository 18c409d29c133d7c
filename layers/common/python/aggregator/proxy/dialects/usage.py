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

_INPUT_BESIDE = ("toolUsePromptTokenCount",)
_REASONING_BESIDE = ("thoughtsTokenCount",)
_CACHE_BESIDE = ("input_tokens", "inputTokens")
"""Who calls the input so, and names its cache beside it, means what no cache was read or written for."""


def usage_in(answer: Mapping[str, Any]) -> tuple[Usage | None, JsonObject]:
    """Usage of an answer or of an event of one, wherever it stands, and how it was said there."""
    groq, choices = answer.get("x_groq"), answer.get("choices")
    holders = (answer, groq, *(choices if isinstance(choices, list) else ()))
    for holder in holders:
        said = _as_object(holder.get("usage")) if isinstance(holder, Mapping) else {}
        if (usage := usage_of(said)) is not None:
            return usage, said
    return None, {}


def usage_of(said: Any) -> Usage | None:
    """Usage as it was said; None where there is none that can be charged by.

    A provider that says only a part of it is taken at its word: input or output of 0 are still to be counted.
    """
    if not said or not isinstance(said, Mapping):
        return None
    details, written_details = _within(said, _INPUT_DETAILS), _within(said, _OUTPUT_DETAILS)
    prompt = _first([said], _INPUT) + _first([said], _INPUT_BESIDE)
    completion = _first([said], _OUTPUT) + _first([said], _REASONING_BESIDE)
    total = _first([said], _TOTAL)
    read = _first([details, said], _READ)
    written, for_an_hour = _written(said, details)
    reasoning = _first([written_details, said], _REASONING)
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


def _written(said: Mapping[str, Any], details: Mapping[str, Any]) -> tuple[int, int]:
    """What was written to a cache, and how much of it to stay for an hour."""
    split = [_within(each, ("cache_creation",)) for each in (said, details)]
    for_5_minutes = _first(split, _FOR_5_MINUTES)
    for_an_hour = _first([*split, details], _FOR_AN_HOUR)
    by_time = said.get("cacheDetails")
    for each in by_time if isinstance(by_time, list) else ():
        if isinstance(each, Mapping) and each.get("ttl") == "1h":
            for_an_hour += _number(each, "inputTokens") or 0
    return max(_first([details, said], _WRITTEN), for_5_minutes + for_an_hour), for_an_hour


def _first(holders: Iterable[Mapping[str, Any]], names: Iterable[str]) -> int:
    """The first count under one of these names that is more than 0."""
    return next((count for each in holders for name in names if (count := _number(each, name))), 0)


def _within(said: Mapping[str, Any], names: Iterable[str]) -> Mapping[str, Any]:
    return next((each for name in names if isinstance(each := said.get(name), Mapping)), {})


def _as_object(said: Any) -> JsonObject:
    return dict(said) if isinstance(said, Mapping) else {}


def _number(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _TOO_MANY:
        return None
    return int(value)
