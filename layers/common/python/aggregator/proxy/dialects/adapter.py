"""What a provider's file offers, and which file speaks which protocol.

A native provider is one file in providers/ with these three functions, and a line here; where its errors have a form of
their own, a fourth, `refusal(status, headers, body)`, translates them. The chat completion in
OpenAI's form is what all of them take and give. Standard library only; a file is imported when its protocol is first
called, so that a start pays only for what it uses.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from aggregator.errors import ProviderUnavailable, Refusal
from aggregator.proxy.model import EMBEDDINGS, Ask, Progress, UpstreamRequest, Way

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
    """One provider's wire: request, answer, stream."""

    def encode(self, ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
        """Request to the provider, with the cap of `way` in it.

        Raises:
            UnsupportedParameter: a field that this provider cannot honour.
        """
        ...

    def decode(self, body: bytes, progress: Progress) -> bytes:
        """Plain answer as a chat completion; its usage goes into `progress`.

        Raises:
            ProviderFailed: it cannot be read.
        """
        ...

    def stream(self, blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
        """Stream as chat completion chunks, each a whole `data:` event; without usage chunk and end mark.

        Raises:
            ProviderFailed: an error, or what cannot be read, came in the stream.
            UpstreamError: the stream broke off.
        """
        ...


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
