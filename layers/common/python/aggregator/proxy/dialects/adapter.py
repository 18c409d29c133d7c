"""What a provider's dialect offers, and which one speaks which protocol.

Its `provider` says how it is asked, from a chat completion request in OpenAI's form; its `from_provider` reads what it
answers, event by event (see `translation.py`). Standard library only; a file is imported when its protocol is first
called, so that a start pays only for what it uses.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from aggregator.errors import ProviderUnavailable, Refusal
from aggregator.proxy.model import EMBEDDINGS, Ask, Progress, UpstreamRequest, Way

if TYPE_CHECKING:
    from aggregator.proxy.dialects.translation import Source

_FILES = {
    "anthropic": "messages",
    "gemini": "gemini",
    "bedrock": "converse",
    "openai": "chat",
}

# The same for embeddings, which are neither capped nor streamed: such a file has no `stream`.
_EMBEDDINGS_FILES = {
    "openai": "embeddings",
}


class Adapter(Protocol):
    """How a provider is asked; where its errors have a form of their own, `refusal` translates them."""

    def encode(self, ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
        """Request to the provider, with the cap of `way` in it.

        Raises:
            UnsupportedParameter: a field that this provider cannot honour.
        """
        ...


class Wire(Protocol):
    """What becomes of a provider's answer on its way to the client."""

    def decode(self, body: bytes, progress: Progress) -> bytes:
        """Read a plain answer; its usage goes into `progress`.

        Raises:
            ProviderFailed: it cannot be read.
        """
        ...

    def stream(self, blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
        """The client's stream, in whole events, as far as the end of what is said. Empty: nothing for it so far.

        Raises:
            ProviderFailed: an error, or what cannot be read, came in the stream.
            UpstreamError: the stream broke off.
        """
        ...


@cache
def source_of(protocol: str) -> "Source":
    """Who reads the answers of a protocol, event by event."""
    return cast("Source", import_module(f"aggregator.proxy.dialects.{_FILES[protocol]}.from_provider"))


@cache
def adapter_of(protocol: str, surface: str = "chat") -> Adapter:
    """The file that speaks a protocol, for what a surface asks of it.

    Raises:
        ProviderUnavailable: the catalogue names a protocol that no file speaks.
    """
    files = _files_for(surface)
    if protocol not in files:
        raise ProviderUnavailable("The provider of this model is not set up right.")
    return cast("Adapter", import_module(f"aggregator.proxy.dialects.{files[protocol]}.provider"))


def refusal_by(adapter: Adapter, status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """A provider's error as one of our refusals: by its own file, or as most providers say it."""
    from aggregator.proxy.dialects.refused import refusal_of  # noqa: PLC0415 (only an error pays for it)

    translate: Callable[[int, Mapping[str, str], bytes], Refusal] = getattr(adapter, "refusal", refusal_of)
    return translate(status, headers, body)


def speaks(protocol: str, surface: str) -> bool:
    """Whether a file speaks the protocol for this surface."""
    return protocol in _files_for(surface)


def _files_for(surface: str) -> dict[str, str]:
    return _EMBEDDINGS_FILES if surface == EMBEDDINGS else _FILES
