"""The dialects that the stand-in speaks, each at the path where its house has it."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from local.standin.ask import Ask, JsonObject
from local.standin.completion import Completion
from local.standin.directives import Directives
from local.standin.wire import Wire


class Dialect(Protocol):
    """One wire format: a request is read as a chat request, and the answer to that is written in its form."""

    NAME: str
    WIRE: Wire
    """How it streams."""

    def at(self, path: str) -> JsonObject | None:
        """What a path of this dialect says of the request (`model`, `stream`); None for a path of another."""
        ...

    def to_chat(self, body: JsonObject) -> JsonObject:
        """The request, with what its path says in it, as a chat completion request.

        Raises:
            BadRequest: the real API would refuse it too.
        """
        ...

    def whole(self, completion: Completion, ask: Ask, directives: Directives) -> JsonObject:
        """The body of an answer that is not streamed."""
        ...

    def events(self, completion: Completion, ask: Ask, directives: Directives) -> Iterator[JsonObject]:
        """The events of a streamed answer."""
        ...

    def error(self, openai: JsonObject, status: int) -> JsonObject:
        """An error body, from the one that OpenAI would give."""
        ...

    def error_headers(self, status: int) -> Mapping[str, str]:
        """What goes with an error in its head."""
        ...
