"""Embeddings: a unit vector for each text, the same for the same text and model."""

import array
import base64
import hashlib
import json
import math
import sys
from typing import Any

from local.standin import tokens
from local.standin.errors import BadRequest

JsonObject = dict[str, Any]

_DEFAULT_DIMENSIONS = 1536
_LARGE_DIMENSIONS = 3072
_MOST_DIMENSIONS = 8192


def embed(body: Any) -> JsonObject:
    """The answer to an embeddings request: texts or token numbers, as floats or as base64 of float32.

    Raises:
        BadRequest: a field is missing or has a wrong type or value.
    """
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequest("you must provide a model parameter", param="model")
    inputs = _inputs(body.get("input"))
    dimensions = body.get("dimensions")
    if dimensions is None:
        dimensions = _LARGE_DIMENSIONS if "large" in body["model"] else _DEFAULT_DIMENSIONS
    if type(dimensions) is not int or not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise BadRequest(f"'dimensions' must be from 1 to {_MOST_DIMENSIONS}.", param="dimensions")
    encoding = body.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise BadRequest("'encoding_format' must be float or base64.", param="encoding_format")
    vectors = [_vector(given, body["model"], dimensions) for given in inputs]
    counted = sum(tokens.count(given) if isinstance(given, str) else len(given) for given in inputs)
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": place,
                "embedding": _base64(vector) if encoding == "base64" else vector.tolist(),
            }
            for place, vector in enumerate(vectors)
        ],
        "model": body["model"],
        "usage": {"prompt_tokens": counted, "total_tokens": counted},
    }


def last_text(body: Any) -> str:
    """The last text of an embeddings request, where a directive may stand."""
    given = body.get("input") if isinstance(body, dict) else None
    last = given[-1] if isinstance(given, list) and given else given
    return last if isinstance(last, str) else ""


def _inputs(given: Any) -> list[str | list[int]]:
    if isinstance(given, str):
        listed: list[Any] = [given]
    elif isinstance(given, list) and given and all(type(number) is int for number in given):
        listed = [given]
    else:
        listed = given if isinstance(given, list) else []
    for one in listed:
        tokens_given = isinstance(one, list) and all(type(number) is int for number in one)
        if not one or not (isinstance(one, str) or tokens_given):
            listed = []
            break
    if not listed:
        raise BadRequest(
            "'input' must be a text, token numbers, or an array of them, not empty.", param="input"
        )
    return listed


def _vector(given: str | list[int], model: str, dimensions: int) -> "array.array[float]":
    seed = f"{model}\n{json.dumps(given)}".encode()
    numbers = array.array("h")
    numbers.frombytes(hashlib.shake_256(seed).digest(2 * dimensions))
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return array.array("f", [number / length for number in numbers])


def _base64(vector: "array.array[float]") -> str:
    if sys.byteorder == "big":
        vector.byteswap()
    return base64.b64encode(vector).decode()
