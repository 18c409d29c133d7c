"""What the modules of a dialect offer to the lanes. Types alone: nothing imports this file while the platform runs.

A dialect's `provider` says how a provider is asked, from a chat completion request in OpenAI's form; its
`from_provider` reads what comes back, event by event, and its `to_client` writes that (see `translation.py`).
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject, Refusal
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.exchange import Answer, Progress, UpstreamRequest
from aggregator.proxy.files.contents import Content
from aggregator.proxy.files.named import Named
from aggregator.proxy.model import Ask, Receipt, Way


class Adapter(Protocol):
    """How a provider is asked; where its errors have a form of their own, `refusal` translates them."""

    def encode(self, ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
        """Request to the provider, with the cap of `way` in it.

        Raises:
            UnsupportedParameter: a field that this provider cannot honour.
        """
        ...


class CheckingAdapter(Adapter, Protocol):
    """It knows before money is held what it cannot carry."""

    def check(self, ask: Ask, via: CatalogueRoute) -> None:
        """Pass a request that can go this way.

        Raises:
            UnsupportedParameter: names the field that cannot be honoured.
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


class Ending(Protocol):
    """What an answer ends with."""

    def end(self, ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
        """The end of a whole answer, the receipt in it."""
        ...

    def fail(self, refused: Refusal, request_id: str, progress: Progress) -> bytes:
        """A failure in mid-stream."""
        ...

    def whole(self, ask: Ask, body: bytes, usage: Usage) -> Iterable[bytes]:
        """The plain answer of which `body` was decoded, with its count."""
        ...


class Addresses(Protocol):
    """Where the requests of a client's dialect name files by their address."""

    def named_in(self, asked: JsonObject) -> Iterable[Named]:
        """Such files, in their order."""
        ...

    def filled(self, part: JsonObject, named: Named, content: Content) -> JsonObject:
        """A part with its file in it.

        Raises:
            UnsupportedParameter: the dialect has no place for such a file.
        """
        ...

    def read_again(self, asked: JsonObject, ask: Ask) -> Ask:
        """A request with `asked` for what it said, bounded as if the client had sent that."""
        ...
