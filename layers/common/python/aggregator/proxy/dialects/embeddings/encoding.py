"""Vectors that came as numbers, as base64. Standard library only."""

import json
import sys
from array import array
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from aggregator.proxy.dialects.embeddings.vectors import Apart, Vector


def encoded(answer: Apart) -> Apart:
    """An answer whose vectors are base64."""
    return Apart(answer.said, _Encoded(answer.vectors))


class _Encoded(Sequence[Vector]):
    """Vectors, each encoded when it is taken: all of them at once would be as long as the answer."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def __getitem__(self, index: Any) -> Any:
        return _encoded(self._vectors[index])


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
