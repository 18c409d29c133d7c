"""A surface: an API by which clients ask: how a request is read, and what a refusal looks like.

What becomes of an answer is its lane's: see `lanes.py`. Standard library only.
"""

from collections.abc import Callable
from typing import NamedTuple

from aggregator.errors import JsonObject, Refusal, envelope, status_of
from aggregator.proxy.model import Ask
from aggregator.runtime.sse import DONE


def ends_at_its_mark(last_chunk: bytes) -> bool:
    """Whether a stream that ends like this is whole, where an end mark comes last: one that was cut has none."""
    return last_chunk.endswith(DONE)


class Surface(NamedTuple):
    """One API. `read` raises a Refusal for what it cannot read; `refuse` is the body of an error, `status` its status.

    `is_whole` tells from the last chunk of a stream whether the stream came to its end.
    `keeps`: its answers may be kept for their user, and `read` takes the ones that a request goes on from as `memory`.
    Under the path `created_under`, success is answered with 201. `names_request` are headers that name the request,
    besides `x-request-id`.
    """

    name: str
    read: Callable[..., Ask]
    refuse: Callable[[Refusal, str], JsonObject] = envelope
    status: Callable[[Refusal], int] = status_of
    is_whole: Callable[[bytes], bool] = ends_at_its_mark
    keeps: bool = False
    created_under: str | None = None
    names_request: tuple[str, ...] = ()


def ends_in(*types: str) -> Callable[[bytes], bool]:
    """Make an `is_whole` for surfaces whose events have types: of these is the last one of a whole stream."""
    lines = tuple(f"event: {each}\n".encode() for each in types)

    def is_whole(last_chunk: bytes) -> bool:
        before = last_chunk.rfind(b"\n\n", 0, -2)
        return last_chunk.startswith(lines, 0 if before < 0 else before + 2)

    return is_whole
