"""What is wrong with a catalogue: run before anything is published, and over the data file in the tests.

Standard library only. A catalogue has the shape of catalogue.json: lists of providers and models, a map of aliases. An
alias stands for a model's id, or for `{"model", "strategy"}`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from re import fullmatch
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from aggregator.billing.price import RATES
from aggregator.orchestrator.addresses import is_this_machine, problem_of_url
from aggregator.orchestrator.model import PROTOCOLS, STRATEGIES, DialectName
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
    "toolsOverResponses",
    "onlyResponses",
})  # fmt: skip

Tool = Literal[
    "web_search",
    "web_search_preview",
    "web_fetch",
    "code_interpreter",
    "code_interpreter_4g",
    "code_interpreter_16g",
    "code_interpreter_64g",
]
"""A tool that runs at a provider and can have a price for each call; a code interpreter's is for each container."""

ServiceTier = Literal["flex", "priority"]
"""A service tier that can have rates of its own."""

DIALECTS = frozenset(get_args(DialectName))
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
MAX_TOKENS_FIELDS = frozenset({"max_tokens", "max_completion_tokens"})

_ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"
# What a header that takes a key may not be: it is set by us, by the connection, or by what is on the way.
_NO_KEY_HEADER = frozenset({
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
})  # fmt: skip


class Problem(str):
    """A sentence that names its place. `entry` is `model gpt-4o`, `path` the field in it: `routes.0.weight`."""

    __slots__ = ("entry", "path")

    entry: str
    path: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a catalogue: in which entry, in words, and by which path."""

    entry: str
    words: str = ""
    path: str = ""

    def within(self, words: str, path: str) -> "_Place":
        return _Place(self.entry, f"{self.words}, {words}", self._below(path))

    def problem(self, field: str, says: str) -> Problem:
        problem = Problem(f"{self.entry}{self.words}: {says}")
        problem.entry, problem.path = self.entry, self._below(field)
        return problem

    def _below(self, field: str) -> str:
        return ".".join(part for part in (self.path, field) if part)


def check(catalogue: Mapping[str, Any]) -> list[Problem]:
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


def _duplicates(kind: str, entries: Iterable[JsonObject]) -> Iterator[Problem]:
    for entry_id, count in Counter(entry.get("id") for entry in entries).items():
        if count > 1:
            yield _Place(f"{kind} {entry_id}").problem("id", f"is there {count} times")


def _of_provider(provider: JsonObject) -> Iterator[Problem]:
    at = _Place(f"provider {provider.get('id')}")
    if not fullmatch(_ID, str(provider.get("id", ""))):
        yield at.problem("id", "the id must be letters, digits and ._:-")
    if provider.get("protocol") not in PROTOCOLS:
        yield at.problem("protocol", f"protocol must be one of {', '.join(sorted(PROTOCOLS))}")
    if provider.get("maxTokensField") not in MAX_TOKENS_FIELDS:
        fields = ", ".join(sorted(MAX_TOKENS_FIELDS))
        yield at.problem("maxTokensField", f"maxTokensField must be one of {fields}")
    if not 1 <= provider.get("timeoutSeconds", 0) <= 900:
        yield at.problem("timeoutSeconds", "timeoutSeconds must be between 1 and 900")
    for field in ("silenceSeconds", "reasoningSilenceSeconds"):
        if not 1 <= provider.get(field, 1) <= 900:
            yield at.problem(field, f"{field} must be between 1 and 900")
    yield from _of_requests(at, provider)
    if problem := _of_key_header(provider):
        yield at.problem("keyHeader", f"keyHeader {problem}")
    if problem := problem_of_url(str(provider.get("baseUrl", ""))):
        yield at.problem("baseUrl", f"baseUrl {problem}")
    elif provider.get("protocol") == "bedrock" and not _is_amazon(provider["baseUrl"]):
        yield at.problem("baseUrl", "baseUrl must be AWS's own: requests are signed with the platform's role")


def _of_requests(at: _Place, provider: JsonObject) -> Iterator[Problem]:
    """What a request is made to be for this provider."""
    dialects = provider.get("dialects", {})
    if unknown := sorted(set(dialects) - DIALECTS):
        yield at.problem("dialects", f"'{unknown[0]}' is no dialect of clients that has a native lane")
    for name, spoken in dialects.items() if isinstance(dialects, Mapping) else ():
        if not fullmatch(r"/[A-Za-z0-9._/-]{1,100}", str(spoken.get("path", f"/{name}"))):
            yield at.problem(f"dialects.{name}.path", "must be a path under the baseUrl")
    for at_dialect, holder in (("", provider), *_dialects_in(dialects)):
        if problem := _of_fetches(holder.get("fetches")):
            yield at.problem(f"{at_dialect}fetches", f"fetches {problem}")
    if not 0 <= provider.get("callIdLength", 0) <= 64:
        yield at.problem("callIdLength", "callIdLength must be between 0 and 64")
    for pattern, levels in provider.get("efforts", {}).items():
        if unknown := sorted(levels.keys() - EFFORTS):
            yield at.problem("efforts", f"efforts of {pattern} names '{unknown[0]}', which is no level")


def _dialects_in(dialects: Any) -> list[tuple[str, JsonObject]]:
    named = dialects.items() if isinstance(dialects, Mapping) else ()
    return [(f"dialects.{name}.", spoken) for name, spoken in named]


def _of_fetches(fetches: Any) -> str:
    """Why an entry does not say which files are fetched there; empty if it does, or is none."""
    if fetches is None:
        return ""
    for kind in ("image", "file"):
        endings = fetches.get(kind)
        if not isinstance(endings, list) or not all(
            fullmatch(r"\*|[a-z0-9]{1,10}", each) for each in endings
        ):
            return f'must have \'{kind}\', the endings of what is fetched there: ["pdf"], ["*"], or []'
    return ""


def _of_key_header(provider: JsonObject) -> str:
    name = provider.get("keyHeader", "")
    if not name:
        return ""
    if provider.get("protocol") != "openai":
        return "is for the protocol openai: the others have their own"
    if not fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,59}", name) or name.lower() in _NO_KEY_HEADER:
        return "must be the name of a header that is free for a key"
    return ""


def _is_amazon(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return is_this_machine(url) or host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _of_model(model: JsonObject, providers: Mapping[str, JsonObject]) -> Iterator[Problem]:
    at = _Place(f"model {model.get('id')}")
    if not fullmatch(_ID, str(model.get("id", ""))):
        yield at.problem("id", "the id must be letters, digits and ._:-")
    if not _positive(model.get("contextWindow")):
        yield at.problem("contextWindow", "contextWindow is missing")
    if not model.get("routes"):
        yield at.problem("routes", "has no route")
    yield from _of_strategy(at, model)
    for provider, count in Counter(route.get("provider") for route in model.get("routes", ())).items():
        if count > 1:
            pins_none = f"so that {provider}/{model.get('id')} pins none"
            yield at.problem("routes", f"has {count} routes over {provider}, {pins_none}")
    for number, route in enumerate(model.get("routes", ())):
        here = at.within(f"route {route.get('provider')}", f"routes.{number}")
        yield from _of_route(here, route, model, providers)


def _of_strategy(at: _Place, entry: Mapping[str, Any]) -> Iterator[Problem]:
    if entry.get("strategy", STRATEGIES[0]) not in STRATEGIES:
        yield at.problem("strategy", f"strategy must be one of {', '.join(STRATEGIES)}")


def _of_route(
    at: _Place, route: JsonObject, model: JsonObject, providers: Mapping[str, JsonObject]
) -> Iterator[Problem]:
    provider = providers.get(str(route.get("provider")))
    if provider is None:
        yield at.problem("provider", "there is no such provider")
    if not route.get("upstreamModel"):
        yield at.problem("upstreamModel", "upstreamModel is missing")
    if not _positive(route.get("weight")) or not isinstance(route.get("order"), int):
        yield at.problem("weight", "weight must be 1 or more, and order a whole number")
    whole = model | route
    able = whole.get("capabilities", [])
    for unknown in sorted(set(able) - CAPABILITIES):
        yield at.problem("capabilities", f"capability {unknown} is unknown")
    if not {"chat", "embeddings"} & set(able):
        yield at.problem("capabilities", "can neither chat nor embed")
    if "onlyResponses" in able and provider is not None and "responses" not in provider.get("dialects", ()):
        yield at.problem("capabilities", "onlyResponses needs a provider that speaks responses")
    if not _positive(whole.get("maxInputTokens")):
        yield at.problem("maxInputTokens", "maxInputTokens is missing")
    if "chat" in able and not _positive(whole.get("maxOutputTokens")):
        yield at.problem("maxOutputTokens", "maxOutputTokens is missing, so nothing caps the cost")
    if "vision" in able and not _positive(whole.get("maxImageTokens")):
        yield at.problem("maxImageTokens", "maxImageTokens is missing, so nothing caps the cost of an image")
    free = bool(provider and provider.get("keyless"))
    yield from _of_prices(at, whole.get("prices", []), chat="chat" in able, free=free)


def _of_prices(at: _Place, prices: list[JsonObject], *, chat: bool, free: bool) -> Iterator[Problem]:
    if not prices:
        yield at.problem("price", "has no price")
    for version, count in Counter(price.get("version") for price in prices).items():
        if not version or count > 1 or "@" in str(version):  # `7@110%` is version 7, marked up
            yield at.problem(
                "price.version", f"price version {version} is missing or not the only one of its name"
            )
    moments = []
    for price in prices:
        here = at.within(f"price {price.get('version')}", "price")
        try:
            moments.append(from_iso(str(price.get("effectiveAt"))))
        except ValueError:
            yield here.problem("effectiveAt", "effectiveAt is no moment")
        yield from _of_rates_and_tiers(here, price, chat=chat, free=free)
        yield from _of_tools(here, price.get("tools", {}))
        for name, rates in price.get("serviceTiers", {}).items():
            inner = here.within(f"service tier {name}", f"serviceTiers.{name}")
            if name not in get_args(ServiceTier):
                tiers = ", ".join(get_args(ServiceTier))
                yield inner.problem("", f"a service tier with a price must be one of {tiers}")
            yield from _of_rates_and_tiers(inner, rates, chat=chat, free=free)
    if moments != sorted(set(moments)):
        yield at.problem("price.effectiveAt", "effective dates are out of order")


def _of_rates_and_tiers(at: _Place, rates: JsonObject, *, chat: bool, free: bool) -> Iterator[Problem]:
    yield from _of_rates(at, rates, chat=chat, free=free)
    starts = [tier.get("aboveInputTokens") for tier in rates.get("tiers", ())]
    if not all(_positive(start) for start in starts) or starts != sorted(set(starts)):
        yield at.problem("tiers", "tiers must start at growing numbers of input tokens")
    for number, tier in enumerate(rates.get("tiers", ())):
        inner = at.within(f"tier {tier.get('aboveInputTokens')}", f"tiers.{number}")
        yield from _of_rates(inner, tier, chat=chat, free=free)


def _of_tools(at: _Place, tools: JsonObject) -> Iterator[Problem]:
    for name, amount in tools.items():
        if name not in get_args(Tool):
            yield at.problem(f"tools.{name}", f"tool {name} is none of {', '.join(get_args(Tool))}")
        if type(amount) is not int or amount < 0:
            yield at.problem(f"tools.{name}", f"{name} must be a whole number of nano-US-dollars a call")


def _of_rates(at: _Place, rates: JsonObject, *, chat: bool, free: bool) -> Iterator[Problem]:
    for name in RATES.values():
        if name in rates and (type(rates[name]) is not int or rates[name] < 0):
            yield at.problem(name, f"{name} must be a whole number of nano-US-dollars")
            return
    for name in ("input", "output"):
        if name not in rates:
            yield at.problem(name, f"has no {name} price")
        elif not rates[name] and not free and (chat or name == "input"):
            yield at.problem(name, f"{name} is free of charge, which only a provider without a key may be")
    if rates.get("cachedInput", 0) > rates.get("input", 0):
        yield at.problem("cachedInput", "cached input costs more than input")


def _of_alias(alias: str, target: Any, models: Mapping[str, JsonObject]) -> Iterator[Problem]:
    at = _Place(f"alias {alias}")
    entry: Mapping[str, Any] = target if isinstance(target, Mapping) else {"model": target}
    if not fullmatch(_ID, alias):
        yield at.problem("alias", "must be letters, digits and ._:-")
    if alias in models:
        yield at.problem("alias", "is the id of a model as well")
    if entry.get("model") not in models:
        yield at.problem("model", f"there is no model {entry.get('model')}")
    yield from _of_strategy(at, entry)


def _positive(number: Any) -> bool:
    return type(number) is int and number > 0
