"""The dialects that the stand-in speaks besides chat completions, each at the path where its house has it."""

from collections.abc import Iterator
from typing import Protocol

from local.standin.ask import JsonObject
from local.standin.completion import Completion
from local.standin.directives import Directives


class Dialect(Protocol):
    """One wire format: a request is read as a chat request, and the answer to that is written in its form."""

    def to_chat(self, body: JsonObject) -> JsonObject:
        """The request as a chat completion request.

        Raises:
            BadRequest: the real API would refuse it too.
        """
        ...

    def whole(self, completion: Completion, directives: Directives) -> JsonObject:
        """The body of an answer that is not streamed."""
        ...

    def events(self, completion: Completion, directives: Directives) -> Iterator[JsonObject]:
        """The events of a streamed answer, each with its `type`."""
        ...

    def error(self, openai: JsonObject, status: int) -> JsonObject:
        """An error body, from the one that OpenAI would give."""
        ...
