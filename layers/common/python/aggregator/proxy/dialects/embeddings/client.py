"""Embeddings, as OpenAI's API has them. Standard library only.

Source: OpenAI API reference, "Create embeddings". SDKs ask for base64 unasked, for it is shorter: where a provider
gives numbers all the same, they are written as base64 here.
"""

import json
import sys
from array import array
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from aggregator.proxy.dialects.chat.from_client import body_of
from aggregator.proxy.dialects.embeddings.vectors import Apart, Vector, apart, together
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.model import EMBEDDINGS as NAME
from aggregator.proxy.model import Ask
from aggregator.runtime.shape import a_count, a_name, a_text, bytes_of, invalid
from aggregator.runtime.streaming import StreamingResponse

MAX_INPUTS = 2048

_TOKENS_AROUND_AN_INPUT = 3


def read(event: Mapping[str, Any]) -> Ask:
    """Read and check a request.

    Raises:
        InvalidRequest: a field is missing, or has a wrong type or value; `param` is its path.
        PayloadTooLarge: over 6 MB.
    """
    body = body_of(event)
    a_name(body.get("model"), "model")
    texts, tokens = _inputs(body.get("input"))
    if body.get("dimensions") is not None:
        a_count(body["dimensions"], "dimensions")
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise invalid("encoding_format", "must be one of float, base64")
    if body.get("user") is not None:
        a_text(body["user"], "user")
    return Ask(
        body={name: value for name, value in body.items() if value is not None},
        model=body["model"],
        stream=False,
        wants_usage=False,
        choices=1,
        max_output_tokens=None,
        text_bytes=bytes_of({"input": texts}) if texts else 0,
        messages=len(texts) + len(tokens),
        images=0,
        surface=NAME,
        tokens=sum(len(each) + _TOKENS_AROUND_AN_INPUT for each in tokens),
    )


def render(ask: Ask, answer: StreamingResponse) -> StreamingResponse:
    """The walk's answer, its vectors in the encoding that was asked for."""
    if ask.body.get("encoding_format") != "base64":
        return answer
    body = b"".join(answer.chunks)
    taken = apart(body)
    if not any(vector[:1] == b"[" for vector in taken.vectors):
        return StreamingResponse(answer.status, answer.headers, [body], answer.cookies)
    encoded = Apart(taken.said, _Encoded(taken.vectors))
    return StreamingResponse(answer.status, answer.headers, together(encoded), answer.cookies)


class _Encoded(Sequence[Vector]):
    """Vectors, each encoded when it is taken: all of them at once would be as long as the answer."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def __getitem__(self, index: Any) -> Any:
        return _encoded(self._vectors[index])


EMBEDDINGS = Surface(NAME, read, render)


def _inputs(given: Any) -> tuple[list[str], list[list[int]]]:
    """The inputs: texts, or lists of token numbers."""
    if isinstance(given, str):
        return [a_name(given, "input")], []
    if not isinstance(given, list) or not given:
        raise invalid(
            "input", "Field required" if given is None else "must be a string or an array, not empty"
        )
    if not isinstance(given[0], str | list):
        return [], [_tokens(given, "input")]
    if len(given) > MAX_INPUTS:
        raise invalid("input", f"must have at most {MAX_INPUTS} inputs")
    if isinstance(given[0], str):
        return [a_name(each, f"input.{n}") for n, each in enumerate(given)], []
    return [], [_tokens(each, f"input.{n}") for n, each in enumerate(given)]


def _tokens(given: Any, place: str) -> list[int]:
    if not isinstance(given, list) or not given:
        raise invalid(place, "must be an array of token numbers, not empty")
    for n, number in enumerate(given):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise invalid(f"{place}.{n}", "must be a token's number")
    return given


def _encoded(vector: Vector) -> Vector:
    """A vector's numbers as base64 of 32-bit floats, little-endian; any other as it is."""
    if vector[:1] != b"[":
        return vector
    try:
        numbers = array("f", json.loads(bytes(vector)))
    except (ValueError, TypeError, OverflowError):
        return vector
    if sys.byteorder == "big":
        numbers.byteswap()
    return b'"%b"' % b64encode(numbers.tobytes())
