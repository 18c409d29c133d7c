"""Lanes: how a request travels on a route, in the client's dialect or translated. Hot: standard library only.

The one table of dialects: the walk, the edge and routing know none but through it. A lane's `adapter` is the way to
the provider: request and errors. Its `wire` is the way back: a plain answer, a stream. Its `ending` says what an answer
ends with: a count, the receipt, or a failure. All are imported when first used.

| the client speaks | the model is offered in                    | lane                                      |
|-------------------|--------------------------------------------|-------------------------------------------|
| messages          | messages                                   | native: request and answer as they came   |
| responses         | responses                                  | native                                    |
| chat, embeddings  | the same                                   | native                                    |
| any               | responses alone, or with tools there alone | translated: chat completions to responses |
| any               | another dialect                            | translated: chat completions to that      |

A translated request is a chat completion first. Its answer goes from the provider's dialect to the client's event by
event (see `translation.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from aggregator.errors import InvalidRequest, ProviderUnavailable, Refusal, UnsupportedParameter
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.parameters import fits, refuse_unsupported
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import EMBEDDINGS, Ask

if TYPE_CHECKING:
    from aggregator.proxy.dialects.protocols import Adapter, Addresses, CheckingAdapter, Ending, Wire
    from aggregator.proxy.dialects.surface import Surface
    from aggregator.proxy.dialects.translation import Source

CHAT, MESSAGES, RESPONSES = "chat", "messages", "responses"
_OPENAI = "openai"

# The package that speaks a provider's protocol; a client's dialect has the package of its name.
_PACKAGES = {
    "anthropic": "messages",
    "gemini": "gemini",
    "bedrock": "converse",
    "openai": "chat",
}

# The same for embeddings, which are neither capped nor streamed.
_PACKAGES_FOR_EMBEDDINGS = {
    "openai": "embeddings",
}

NO_REQUEST = "0" * 32
"""Id of a request that has none: answers are named after it."""

# Hints of a chat completion: one without any is not looked into.
_HINTS = frozenset({
    "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "metadata",
    "verbosity", "store",
})  # fmt: skip

_SOURCES = "messages[].annotations"

_Route = TypeVar("_Route")


class Lane(NamedTuple):
    """One way of carrying requests. `is_native`: what comes back is in the client's dialect already.

    `passes_on`: so is what goes to the provider, being a chat completion, or embeddings.
    """

    adapter: "Adapter"
    wire: "Wire"
    ending: "Ending"
    is_native: bool = False
    passes_on: bool = False


def lane_of(ask: Ask, via: CatalogueRoute, request_id: str = NO_REQUEST) -> Lane:
    """The lane that a request takes on a route; a translated one carries this answer alone.

    Raises:
        ProviderUnavailable: the catalogue names a protocol that no file speaks.
    """
    if is_native(ask, via):
        return _native(ask.surface)
    if takes_responses(ask, via):
        source = cast("Source", _module("responses.from_provider"))
        return _translated(_module("responses.provider"), source, ask, request_id)
    protocol = via.provider.protocol
    if ask.surface == EMBEDDINGS or (ask.surface == CHAT and protocol == _OPENAI):
        return _passed_on(protocol, ask.surface)
    return _translated(adapter_of(protocol), source_of(protocol), ask, request_id)


def warm() -> None:
    """Import the lane that most chats take, before the first of them waits for it."""
    _passed_on(_OPENAI, CHAT)


def is_native(ask: Ask, via: CatalogueRoute) -> bool:
    """Whether the provider of a route takes the client's own dialect, other than chat completions."""
    return ask.surface in (MESSAGES, RESPONSES) and speaks(via, ask.surface)


def speaks(via: CatalogueRoute, dialect: str) -> bool:
    """Whether the provider of a route takes a dialect as it is, for this model."""
    spoken = via.provider.dialects.get(dialect)
    if spoken is None:
        return False
    return not spoken.models or any(fits(via.upstream_model, pattern) for pattern in spoken.models)


def takes_responses(ask: Ask, via: CatalogueRoute) -> bool:
    """Whether this model is offered over Responses alone, or with tools there alone."""
    if ask.surface == EMBEDDINGS or not speaks(via, RESPONSES):
        return False
    return via.can("onlyResponses") or (ask.has_tools and via.can("toolsOverResponses"))


def passing(routes: Iterable[_Route], check: Callable[[_Route], None]) -> list[_Route]:
    """The routes that `check` lets pass.

    Raises:
        UnsupportedParameter, InvalidRequest: it lets none pass; the first of its refusals.
    """
    able: list[_Route] = []
    refused: Refusal | None = None
    for route in routes:
        try:
            check(route)
        except (UnsupportedParameter, InvalidRequest) as unfit:
            refused = refused or unfit
        else:
            able.append(route)
    if not able and refused is not None:
        raise refused
    return able


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that the route can carry, before money is held for it.

    Raises:
        UnsupportedParameter: names the field that cannot be honoured there.
        InvalidRequest: a field has a wrong shape.
    """
    if ask.addresses:
        from aggregator.proxy.files.bringing import stood_in  # noqa: PLC0415 (few requests name files so)

        ask = stood_in(ask, via)
    if ask.stream and via.can("onlyResponses") and not via.can("streaming"):
        raise UnsupportedParameter("stream: this model answers in one piece", param="stream")
    if is_native(ask, via):
        _asker(ask.surface).check(ask, via)
        return
    if ask.untranslated is not None:
        raise ask.untranslated
    fitted = translated(ask, via)
    refuse_unsupported(fitted.body, via.provider)
    if takes_responses(ask, via):
        _module("responses.provider").check(fitted, via)
    elif via.provider.protocol != _OPENAI and ask.surface != EMBEDDINGS:
        cast("CheckingAdapter", adapter_of(via.provider.protocol)).check(fitted, via)


def addresses_of(dialect: str) -> "Addresses":
    """The module of a client's dialect that knows where its requests name files by their address."""
    return cast("Addresses", _module(f"{dialect}.addresses"))


def translated(ask: Ask, via: CatalogueRoute) -> Ask:
    """The request as the lane's adapter takes it.

    Raises:
        UnsupportedParameter: it has a field that the provider cannot honour.
    """
    if ask.surface in (CHAT, EMBEDDINGS) or is_native(ask, via):
        return ask
    from aggregator.proxy.dialects.fitting import in_dialect_of  # noqa: PLC0415 (a chat needs none of it)

    return in_dialect_of(via, ask)


def left_out(ask: Ask, via: CatalogueRoute, lane: Lane, sent: UpstreamRequest) -> tuple[str, ...]:
    """What the client said and the provider did not get, by name; nothing is left out in silence."""
    if lane.is_native:
        return sent.ignored
    hosted = ask.hosted.told if ask.hosted is not None else ()
    gone: Iterable[str] = ()
    if lane.passes_on:
        provider = via.provider
        not_taken = provider.left_out
        named = [] if not_taken.isdisjoint(ask.body) else sorted(not_taken & ask.body.keys())
        gone = [name for name in named if ask.body[name]] if named else []
        if ask.surface == CHAT and (provider.message_fields or _SOURCES in not_taken):
            gone += ["annotations"] if any(each.get("annotations") for each in ask.body["messages"]) else []
    elif ask.asked or _HINTS & ask.body.keys() or any("annotations" in each for each in ask.body["messages"]):
        from aggregator.proxy.dialects.told import hints_left_out  # noqa: PLC0415 (a plain chat needs none of it)

        gone = hints_left_out(ask, sent)
    return (*hosted, *gone, *sent.ignored)


def surface_of(dialect: str) -> "Surface":
    """How clients of a dialect ask."""
    return cast("Surface", getattr(_module(f"{dialect}.client"), dialect.upper()))


@cache
def source_of(protocol: str) -> "Source":
    """Who reads the answers of a protocol, event by event."""
    return cast("Source", _module(f"{_PACKAGES[protocol]}.from_provider"))


@cache
def adapter_of(protocol: str, surface: str = "chat") -> "Adapter":
    """Who asks the providers of a protocol, for what a surface asks of them.

    Raises:
        ProviderUnavailable: the catalogue names a protocol that nobody speaks.
    """
    packages = _packages_for(surface)
    if protocol not in packages:
        raise ProviderUnavailable("The provider of this model is not set up right.")
    return cast("Adapter", _module(f"{packages[protocol]}.provider"))


def refusal_by(adapter: "Adapter", status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """A provider's error as one of our refusals: by its own file, or as most providers say it."""
    from aggregator.proxy.dialects.refused import refusal_of  # noqa: PLC0415 (only an error pays for it)

    translate: Callable[[int, Mapping[str, str], bytes], Refusal] = getattr(adapter, "refusal", refusal_of)
    return translate(status, headers, body)


def is_spoken(protocol: str, surface: str) -> bool:
    """Whether a package speaks the protocol for this surface."""
    return protocol in _packages_for(surface)


@cache
def _native(dialect: str) -> Lane:
    module = _module(f"{dialect}.native")
    return Lane(_asker(dialect), cast("Wire", module), cast("Ending", module), is_native=True)


def _asker(dialect: str) -> "CheckingAdapter":
    """Who sends a client's own request on."""
    return cast("CheckingAdapter", _module(f"{dialect}.native_request"))


@cache
def _passed_on(protocol: str, surface: str) -> Lane:
    """Chat completions and embeddings of who speaks OpenAI's protocol: an answer passes as it came."""
    module = _module(f"{surface}.native")
    return Lane(adapter_of(protocol, surface), cast("Wire", module), cast("Ending", module), passes_on=True)


def _translated(adapter: "Adapter", source: "Source", ask: Ask, request_id: str) -> Lane:
    from aggregator.proxy.dialects.translation import Translation  # noqa: PLC0415 (what passes needs none)

    translation = Translation(source, _module(f"{ask.surface}.to_client").Writer(ask, request_id))
    return Lane(adapter, translation, translation)


def _module(name: str):  # type: ignore[no-untyped-def] # noqa: ANN202 (each caller says what it is)
    return import_module(f"aggregator.proxy.dialects.{name}")


def _packages_for(surface: str) -> dict[str, str]:
    return _PACKAGES_FOR_EMBEDDINGS if surface == EMBEDDINGS else _PACKAGES
