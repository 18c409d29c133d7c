"""What is wrong with a catalogue: run before anything is published, and over the data file in the tests.

Standard library only. A catalogue has the shape of catalogue.json: lists of providers and models, a map of aliases. An
alias stands for a model's id, or for `{"model", "strategy"}`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from re import fullmatch
from typing import Any, get_args
from urllib.parse import urlsplit

from aggregator.orchestrator.addresses import is_this_machine, problem_of_url
from aggregator.orchestrator.check_prices import check_prices, positive
from aggregator.orchestrator.model import PROTOCOLS, STRATEGIES, DialectName
from aggregator.orchestrator.problem import Place, Problem

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
            yield Place(f"{kind} {entry_id}").problem("id", f"is there {count} times")


def _of_provider(provider: JsonObject) -> Iterator[Problem]:
    at = Place(f"provider {provider.get('id')}")
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


def _of_requests(at: Place, provider: JsonObject) -> Iterator[Problem]:
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
    at = Place(f"model {model.get('id')}")
    if not fullmatch(_ID, str(model.get("id", ""))):
        yield at.problem("id", "the id must be letters, digits and ._:-")
    if not positive(model.get("contextWindow")):
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


def _of_strategy(at: Place, entry: Mapping[str, Any]) -> Iterator[Problem]:
    if entry.get("strategy", STRATEGIES[0]) not in STRATEGIES:
        yield at.problem("strategy", f"strategy must be one of {', '.join(STRATEGIES)}")


def _of_route(
    at: Place, route: JsonObject, model: JsonObject, providers: Mapping[str, JsonObject]
) -> Iterator[Problem]:
    provider = providers.get(str(route.get("provider")))
    if provider is None:
        yield at.problem("provider", "there is no such provider")
    if not route.get("upstreamModel"):
        yield at.problem("upstreamModel", "upstreamModel is missing")
    if not positive(route.get("weight")) or not isinstance(route.get("order"), int):
        yield at.problem("weight", "weight must be 1 or more, and order a whole number")
    whole = model | route
    able = whole.get("capabilities", [])
    for unknown in sorted(set(able) - CAPABILITIES):
        yield at.problem("capabilities", f"capability {unknown} is unknown")
    if not {"chat", "embeddings"} & set(able):
        yield at.problem("capabilities", "can neither chat nor embed")
    if "onlyResponses" in able and provider is not None and "responses" not in provider.get("dialects", ()):
        yield at.problem("capabilities", "onlyResponses needs a provider that speaks responses")
    if not positive(whole.get("maxInputTokens")):
        yield at.problem("maxInputTokens", "maxInputTokens is missing")
    if "chat" in able and not positive(whole.get("maxOutputTokens")):
        yield at.problem("maxOutputTokens", "maxOutputTokens is missing, so nothing caps the cost")
    if "vision" in able and not positive(whole.get("maxImageTokens")):
        yield at.problem("maxImageTokens", "maxImageTokens is missing, so nothing caps the cost of an image")
    free = bool(provider and provider.get("keyless"))
    yield from check_prices(at, whole.get("prices", []), chat="chat" in able, free=free)


def _of_alias(alias: str, target: Any, models: Mapping[str, JsonObject]) -> Iterator[Problem]:
    at = Place(f"alias {alias}")
    entry: Mapping[str, Any] = target if isinstance(target, Mapping) else {"model": target}
    if not fullmatch(_ID, alias):
        yield at.problem("alias", "must be letters, digits and ._:-")
    if alias in models:
        yield at.problem("alias", "is the id of a model as well")
    if entry.get("model") not in models:
        yield at.problem("model", f"there is no model {entry.get('model')}")
    yield from _of_strategy(at, entry)
