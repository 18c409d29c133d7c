"""What a provider's endpoint takes: a field it cannot honour is refused by name, never dropped in silence.

Standard library only. A provider's `unsupported` names fields it does not take; `only_values` fields it takes with
certain values; `rename` fields it knows by another name. What steers, or is paid for apart (`STEERING`), is taken by
nobody who does not say so. A field's place is written as a path: `messages[].name` is the name of any message. A value
that says what the provider does anyway (`n: 1`) asks for nothing, so it is not refused; `fitted` leaves it out where
the name alone would be an error.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.model import Provider

JsonObject = dict[str, Any]

# What a chat completion does when nothing is said. Source: https://developers.openai.com/api/reference/resources/chat
DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "n": (1,),
    "parallel_tool_calls": (True,),
    "presence_penalty": (0,),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "tool_choice": ("auto",),
    "top_logprobs": (0,),
}

# What chooses another price, model or provider than the route, or work that no rate of the catalogue pays for; with the
# values that ask for nothing of the kind. It goes to a provider only whose entry names it (`onlyValues`, `extensions`).
# Sources: the API references of OpenAI (tiers), OpenRouter, Azure OpenAI (data sources), xAI (deferred, search), Groq
# (compound), Qwen (search), Anthropic (speed, places of inference), vLLM (beams), Mistral (guardrails), Together
# (a model that judges), Vercel's gateway.
STEERING: Mapping[str, tuple[Any, ...]] = {
    "background": (False,),
    "best_of": (1,),
    "compound_custom": (),
    "data_sources": ([],),
    "deferred": (False,),
    "enable_search": (False,),
    "fallbacks": ([],),
    "guardrails": ([],),
    "inference_geo": (),
    "mcp_servers": ([],),
    "models": ([],),
    "moderation": (),
    "plugins": ([],),
    "preset": (),
    "provider": ({},),
    "providerOptions": ({},),
    "route": (),
    "safety_model": (),
    "search_parameters": ({"mode": "off"},),
    "search_settings": (),
    "service_tier": ("auto", "default"),
    "speed": ("standard",),
    "transforms": ([],),
    "use_beam_search": (False,),
    "web_search": (False,),
    "web_search_options": (),
}


def refuse_unsupported(body: Mapping[str, Any], provider: Provider) -> None:
    """Pass a request body only if `provider` can honour all of it.

    Raises:
        UnsupportedParameter: it cannot; names the field as the client wrote it (`messages.0.name`).
    """
    _refuse_steering(body, provider)
    for path in provider.unsupported:
        if _first_name(path) not in body:
            continue
        for place, value in values_at(body, path):
            if value is not None and value not in DEFAULTS.get(path, ()):
                raise UnsupportedParameter(f"{provider.name} does not take '{place}'.", param=place)
    for path, taken in provider.only_values.items():
        if _first_name(path) not in body:
            continue
        for place, value in values_at(body, path):
            if value is not None and value not in taken:
                raise UnsupportedParameter(
                    f"{provider.name} takes '{place}' only as {_listed(taken)}.", param=place
                )


def fitted(body: Mapping[str, Any], provider: Provider) -> JsonObject:
    """The body under the names `provider` knows, without what it refuses to see though it asks for nothing.

    Raises:
        UnsupportedParameter: the provider cannot honour a field.
    """
    refuse_unsupported(body, provider)
    return {
        provider.rename.get(name, name): value
        for name, value in body.items()
        if name not in provider.unsupported and (name not in STEERING or _takes(provider, name))
    }


def with_defaults(body: JsonObject, provider: Provider, upstream_model: str) -> JsonObject:
    """The body, with what the provider's entry has for this model, unless a field of it, or null for one, was said."""
    for pattern, fields in provider.defaults.items():
        if fits(upstream_model, pattern) and not fields.keys() & body.keys():
            body = body | {name: value for name, value in fields.items() if value is not None}
    return body


@cache
def fits(upstream_model: str, pattern: str) -> bool:
    """Whether a provider's name for a model is one of those that a pattern of its entry means."""
    from fnmatch import fnmatchcase  # noqa: PLC0415 - few providers have patterns

    return fnmatchcase(upstream_model, pattern)


def _refuse_steering(body: Mapping[str, Any], provider: Provider) -> None:
    if STEERING.keys().isdisjoint(body):
        return
    for name in sorted(body.keys() & STEERING.keys()):
        if not _takes(provider, name) and body[name] is not None and body[name] not in STEERING[name]:
            raise UnsupportedParameter(f"{provider.name} does not take '{name}' here.", param=name)


def _takes(provider: Provider, name: str) -> bool:
    return name in provider.only_values or name in provider.extensions


def values_at(body: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value of `body` at a path (`tools[].type`), each with its own place (`tools.0.type`)."""
    head, _, rest = path.partition(".")
    name = _first_name(path)
    if not isinstance(body, Mapping) or name not in body:
        return
    within = body[name]
    found = (
        [(f"{name}.{index}", each) for index, each in enumerate(within)]
        if head.endswith("[]") and isinstance(within, list)
        else [(name, within)]
    )
    for place, value in found:
        if not rest:
            yield place, value
            continue
        for below, deeper in values_at(value, rest):
            yield f"{place}.{below}", deeper


@cache
def _first_name(path: str) -> str:
    return path.partition(".")[0].removesuffix("[]")


def _listed(taken: list[Any]) -> str:
    return " or ".join(repr(each) for each in taken)
