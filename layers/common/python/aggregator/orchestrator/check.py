"""What is wrong with a catalogue: run before anything is published, and over the data file in the tests.

Standard library only. A catalogue has the shape of catalogue.json: lists of providers and models, a map of aliases.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from re import fullmatch
from typing import Any
from urllib.parse import urlsplit

from aggregator.runtime.clock import from_iso

JsonObject = dict[str, Any]

CAPABILITIES = frozenset({
    "chat",
    "streaming",
    "tools",
    "parallelTools",
    "vision",
    "jsonSchema",
    "reasoning",
    "promptCaching",
    "audioInput",
    "embeddings",
})  # fmt: skip

PROTOCOLS = frozenset({"bedrock", "openai"})
MAX_TOKENS_FIELDS = frozenset({"max_tokens", "max_completion_tokens"})

_ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"
_RATES = ("input", "output", "cachedInput", "cacheWrite", "reasoning")


def check(catalogue: Mapping[str, Any]) -> list[str]:
    """Every problem of a catalogue, each a sentence that names its place; none: it may be published."""
    providers = {provider.get("id"): provider for provider in catalogue.get("providers", ())}
    models = {model.get("id"): model for model in catalogue.get("models", ())}
    return [
        *_duplicates("provider", catalogue.get("providers", ())),
        *_duplicates("model", catalogue.get("models", ())),
        *(problem for provider in catalogue.get("providers", ()) for problem in _of_provider(provider)),
        *(problem for model in catalogue.get("models", ()) for problem in _of_model(model, providers)),
        *(
            problem
            for alias, target in catalogue.get("aliases", {}).items()
            for problem in _of_alias(alias, target, models)
        ),
    ]


def _duplicates(kind: str, entries: Iterable[JsonObject]) -> Iterator[str]:
    for entry_id, count in Counter(entry.get("id") for entry in entries).items():
        if count > 1:
            yield f"{kind} {entry_id}: is there {count} times"


def _of_provider(provider: JsonObject) -> Iterator[str]:
    place = f"provider {provider.get('id')}"
    if not fullmatch(_ID, str(provider.get("id", ""))):
        yield f"{place}: the id must be letters, digits and ._:-"
    if provider.get("protocol") not in PROTOCOLS:
        yield f"{place}: protocol must be one of {', '.join(sorted(PROTOCOLS))}"
    if provider.get("maxTokensField") not in MAX_TOKENS_FIELDS:
        yield f"{place}: maxTokensField must be one of {', '.join(sorted(MAX_TOKENS_FIELDS))}"
    if not 1 <= provider.get("timeoutSeconds", 0) <= 900:
        yield f"{place}: timeoutSeconds must be between 1 and 900"
    if problem := problem_of_url(str(provider.get("baseUrl", ""))):
        yield f"{place}: baseUrl {problem}"


def problem_of_url(url: str) -> str:
    """Why a provider may not be called at `url`; empty if it may.

    https only, and http to this machine itself. No address of a private or link-local network: what a provider's
    entry names is called with the platform's own rights.
    """
    parts = urlsplit(url.replace("{region}", "region"))
    host = parts.hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    if parts.scheme not in {"https", "http"} or not host:
        return "must be an https URL"
    if parts.scheme == "http" and not loopback:
        return "must be https (http only to this machine)"
    if address is not None and not loopback and not address.is_global:
        return "must not be a private or link-local address"
    if parts.query or parts.fragment or parts.username or parts.password:
        return "must not have a query, a fragment or a user"
    return ""


def _of_model(model: JsonObject, providers: Mapping[str, JsonObject]) -> Iterator[str]:
    place = f"model {model.get('id')}"
    if not fullmatch(_ID, str(model.get("id", ""))):
        yield f"{place}: the id must be letters, digits and ._:-"
    if not _positive(model.get("contextWindow")):
        yield f"{place}: contextWindow is missing"
    if not model.get("routes"):
        yield f"{place}: has no route"
    for provider, count in Counter(route.get("provider") for route in model.get("routes", ())).items():
        if count > 1:
            yield f"{place}: has {count} routes over {provider}, so that {provider}/{model.get('id')} pins none"
    for route in model.get("routes", ()):
        yield from _of_route(f"{place}, route {route.get('provider')}", route, model, providers)


def _of_route(
    place: str, route: JsonObject, model: JsonObject, providers: Mapping[str, JsonObject]
) -> Iterator[str]:
    provider = providers.get(str(route.get("provider")))
    if provider is None:
        yield f"{place}: there is no such provider"
    if not route.get("upstreamModel"):
        yield f"{place}: upstreamModel is missing"
    if not _positive(route.get("weight")) or not isinstance(route.get("order"), int):
        yield f"{place}: weight must be 1 or more, and order a whole number"
    whole = model | route
    able = whole.get("capabilities", [])
    for unknown in sorted(set(able) - CAPABILITIES):
        yield f"{place}: capability {unknown} is unknown"
    if not {"chat", "embeddings"} & set(able):
        yield f"{place}: can neither chat nor embed"
    if not _positive(whole.get("maxInputTokens")):
        yield f"{place}: maxInputTokens is missing"
    if "chat" in able and not _positive(whole.get("maxOutputTokens")):
        yield f"{place}: maxOutputTokens is missing, so nothing caps the cost"
    if "vision" in able and not _positive(whole.get("maxImageTokens")):
        yield f"{place}: maxImageTokens is missing, so nothing caps the cost of an image"
    free = bool(provider and provider.get("keyless"))
    yield from _of_prices(place, whole.get("prices", []), chat="chat" in able, free=free)


def _of_prices(place: str, prices: list[JsonObject], *, chat: bool, free: bool) -> Iterator[str]:
    if not prices:
        yield f"{place}: has no price"
    for version, count in Counter(price.get("version") for price in prices).items():
        if not version or count > 1:
            yield f"{place}: price version {version} is missing or not the only one of its name"
    moments = []
    for price in prices:
        named = f"{place}, price {price.get('version')}"
        try:
            moments.append(from_iso(str(price.get("effectiveAt"))))
        except ValueError:
            yield f"{named}: effectiveAt is no moment"
        yield from _of_rates(named, price, chat=chat, free=free)
        starts = [tier.get("aboveInputTokens") for tier in price.get("tiers", ())]
        if not all(_positive(start) for start in starts) or starts != sorted(set(starts)):
            yield f"{named}: tiers must start at growing numbers of input tokens"
        for tier in price.get("tiers", ()):
            yield from _of_rates(f"{named}, tier {tier.get('aboveInputTokens')}", tier, chat=chat, free=free)
    if moments != sorted(set(moments)):
        yield f"{place}: effective dates are out of order"


def _of_rates(place: str, rates: JsonObject, *, chat: bool, free: bool) -> Iterator[str]:
    for name in _RATES:
        if name in rates and (type(rates[name]) is not int or rates[name] < 0):
            yield f"{place}: {name} must be a whole number of nano-US-dollars"
            return
    for name in ("input", "output"):
        if name not in rates:
            yield f"{place}: has no {name} price"
        elif not rates[name] and not free and (chat or name == "input"):
            yield f"{place}: {name} is free of charge, which only a provider without a key may be"
    if rates.get("cachedInput", 0) > rates.get("input", 0):
        yield f"{place}: cached input costs more than input"


def _of_alias(alias: str, target: Any, models: Mapping[str, JsonObject]) -> Iterator[str]:
    if not fullmatch(_ID, alias):
        yield f"alias {alias}: must be letters, digits and ._:-"
    if alias in models:
        yield f"alias {alias}: is the id of a model as well"
    if target not in models:
        yield f"alias {alias}: there is no model {target}"


def _positive(number: Any) -> bool:
    return type(number) is int and number > 0
