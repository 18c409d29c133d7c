"""Parse: a request for embeddings off the wire. Standard library only.

Source: OpenAI API reference, "Create embeddings". SDKs ask for base64 unasked, for it is shorter: where a provider
gives numbers all the same, they are written as base64 here (encoding.py).
"""

from collections.abc import Mapping
from typing import Any

from aggregator.proxy.body import body_of
from aggregator.proxy.model import EMBEDDINGS as NAME
from aggregator.proxy.model import Ask
from aggregator.runtime.shape import a_count, a_name, a_text, bytes_of, invalid

MAX_INPUTS = 2048

_TOKENS_AROUND_AN_INPUT = 3


def read(event: Mapping[str, Any], *, user_id: str = "") -> Ask:
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
        user_id=user_id,
        tokens=sum(len(each) + _TOKENS_AROUND_AN_INPUT for each in tokens),
    )


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
