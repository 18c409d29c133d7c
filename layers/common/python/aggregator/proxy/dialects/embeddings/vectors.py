"""Take an answer with vectors apart without reading them: they may be a hundred megabytes, all else is a few kilobytes.

Standard library only.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

# Numbers, or lists of them, or base64: nothing in them can be taken for an end. Possessive, so that nothing is kept to
# come back to.
_VECTOR = re.compile(rb'"embedding"\s*:\s*+(\[[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+\]|"[^"\\]*+")')
_PLACE = re.compile(rb'"embedding":("@(\d+)")')


Vector = bytes | memoryview


class Apart(NamedTuple):
    """An answer in which each vector is but a mark: `@7` is that in place 7 of `vectors`, as it stood in the answer."""

    said: Any
    vectors: Sequence[Vector]


def apart(body: bytes) -> Apart:
    """Take an answer apart; one without vectors is read as it is.

    Raises:
        ValueError, RecursionError: what is between the vectors is no JSON.
    """
    whole = memoryview(body)
    rest: list[bytes] = []
    vectors: list[Vector] = []
    at = 0
    for found in _VECTOR.finditer(body):
        rest.append(body[at : found.start(1)])
        rest.append(b'"@%d"' % len(vectors))
        vectors.append(whole[found.start(1) : found.end(1)])
        at = found.end(1)
    rest.append(body[at:])
    return Apart(json.loads(b"".join(rest)), vectors)


def together(answer: Apart) -> Iterator[bytes]:
    """The answer again, piece by piece, with whatever else is said in it by now."""
    text = json.dumps(answer.said, separators=(",", ":")).encode()
    at = 0
    for found in _PLACE.finditer(text):
        yield text[at : found.start(1)]
        yield bytes(answer.vectors[int(found[2])])
        at = found.end(1)
    yield text[at:]
