"""A surface: an API by which clients ask, put in front of the walk, which speaks chat completions only.

A surface reads its request into an `Ask`, whose body is a chat completion request, and renders the answer, plain or
streamed, in its own form; so any surface reaches any provider. Standard library only.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aggregator.errors import JsonObject, Refusal, envelope, status_of
from aggregator.proxy.answers.stored_answer import ends_chat
from aggregator.proxy.dialects.chat.from_client import ask_of
from aggregator.proxy.model import Ask
from aggregator.runtime.streaming import StreamingResponse

Render = Callable[[Ask, StreamingResponse], StreamingResponse]


def as_it_is(_ask: Ask, answer: StreamingResponse) -> StreamingResponse:
    """Render of the surface that the walk speaks by itself."""
    return answer


@dataclass(frozen=True, slots=True)
class Surface:
    """One API. `read` raises a Refusal for what it cannot read; `refuse` is the body of an error, `status` its status.

    `render` gets the walk's answer: for a plain one its only chunk is a chat completion; for a streamed one its chunks
    are those of a chat stream, ending in a usage chunk (if the ask wants it) and `data: [DONE]`, or in an error chunk.
    Closing what `render` returns must close what it was given.
    `is_whole` tells from the last chunk of a rendered stream whether the stream came to its end.
    `keeps`: its answers may be kept for their user, and `read` takes the ones that a request goes on from as `memory`.
    Under the path `created_under`, success is answered with 201. `names_request` are headers that name the request,
    besides `x-request-id`.
    """

    name: str
    read: Callable[..., Ask]
    render: Render = as_it_is
    refuse: Callable[[Refusal, str], JsonObject] = envelope
    status: Callable[[Refusal], int] = status_of
    is_whole: Callable[[bytes], bool] = ends_chat
    keeps: bool = False
    created_under: str | None = None
    names_request: tuple[str, ...] = ()


CHAT = Surface("chat", ask_of, created_under="/proxy/openai")
"""Under /proxy/openai a completion answers 201, the contract published first; under /v1 200, as OpenAI does."""
