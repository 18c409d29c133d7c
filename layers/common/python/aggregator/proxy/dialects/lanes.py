"""Lanes: how a request travels on a route, in the client's dialect or translated. Hot: standard library only.

A lane has two halves, modules both, imported when first used. Its `adapter` is the way to the provider and back:
request, answer, stream, errors. Its `ending` says what a stream ends with: the receipt, or a failure.

| the client speaks | the model is offered in                    | lane                                      |
|-------------------|--------------------------------------------|-------------------------------------------|
| messages          | messages                                   | native: request and answer as they came   |
| responses         | responses                                  | native                                    |
| chat, embeddings  | the same                                   | native                                    |
| any               | responses alone, or with tools there alone | translated: chat completions to responses |
| any               | another dialect                            | translated: chat completions to that      |

A translated request is a chat completion first, and its answer is one last; the surface renders it (see `surface.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from aggregator.errors import Refusal, UnsupportedParameter
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.parameters import fits, refuse_unsupported
from aggregator.proxy.dialects.adapter import Adapter, adapter_of
from aggregator.proxy.model import EMBEDDINGS, Answer, Ask, Receipt, UpstreamRequest

CHAT, MESSAGES, RESPONSES = "chat", "messages", "responses"

# Hints of a chat completion: one without any is not looked into.
_HINTS = frozenset({
    "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "metadata",
    "verbosity", "store",
})  # fmt: skip


class Ending(Protocol):
    """What a stream ends with."""

    def end(self, ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
        """The end of a whole answer, the receipt in it."""
        ...

    def fail(self, refused: Refusal, request_id: str) -> bytes:
        """A failure in mid-stream."""
        ...


class CheckingAdapter(Adapter, Protocol):
    """It knows before money is held what it cannot carry."""

    def check(self, ask: Ask, via: CatalogueRoute) -> None:
        """Pass a request that can go this way.

        Raises:
            UnsupportedParameter: names the field that cannot be honoured.
        """
        ...


class NativeAdapter(CheckingAdapter, Ending, Protocol):
    """A native lane's module is both halves."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One way of carrying requests. `is_native`: what comes back is in the client's dialect already."""

    adapter: Adapter
    ending: Ending
    is_native: bool = False


def lane_of(ask: Ask, via: CatalogueRoute) -> Lane:
    """The lane that a request takes on a route.

    Raises:
        ProviderUnavailable: the catalogue names a protocol that no file speaks.
    """
    if is_native(ask, via):
        return _native(ask.surface)
    if takes_responses(ask, via):
        return _over_responses()
    return _translated(via.provider.protocol, EMBEDDINGS if ask.surface == EMBEDDINGS else "chat")


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


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that the route can carry, before money is held for it.

    Raises:
        UnsupportedParameter: names the field that cannot be honoured there.
        InvalidRequest: a field has a wrong shape.
    """
    if ask.stream and via.can("onlyResponses") and not via.can("streaming"):
        raise UnsupportedParameter("stream: this model answers in one piece", param="stream")
    if is_native(ask, via):
        native_module(ask.surface).check(ask, via)
        return
    if ask.untranslated is not None:
        raise ask.untranslated
    fitted = translated(ask, via)
    refuse_unsupported(fitted.body, via.provider)
    if takes_responses(ask, via):
        _module("responses.to_provider").check(fitted, via)
    elif via.provider.protocol != "openai" and ask.surface != EMBEDDINGS:
        cast("CheckingAdapter", adapter_of(via.provider.protocol)).check(fitted, via)


def native_module(dialect: str) -> NativeAdapter:
    """The module of a dialect's native lane."""
    return cast("NativeAdapter", _module(f"{dialect}.native"))


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
    if (
        ask.surface in (CHAT, EMBEDDINGS)
        and via.provider.protocol == "openai"
        and not takes_responses(ask, via)
    ):
        gone = sorted(name for name in via.provider.left_out & ask.body.keys() if ask.body[name])
        return (*hosted, *gone, *sent.ignored)
    if not (ask.asked or _HINTS & ask.body.keys()):
        return (*hosted, *sent.ignored)
    from aggregator.proxy.dialects.told import hints_left_out  # noqa: PLC0415 (a plain chat needs none of it)

    return (*hosted, *hints_left_out(ask, sent), *sent.ignored)


@cache
def _native(dialect: str) -> Lane:
    module = native_module(dialect)
    return Lane(module, module, is_native=True)


@cache
def _translated(protocol: str, kind: str) -> Lane:
    return Lane(adapter_of(protocol, kind), cast("Ending", _module("chat.ending")))


@cache
def _over_responses() -> Lane:
    return Lane(cast("Adapter", _module("responses.provider")), cast("Ending", _module("chat.ending")))


def _module(name: str):  # type: ignore[no-untyped-def] # noqa: ANN202 (each caller says what it is)
    return import_module(f"aggregator.proxy.dialects.{name}")
