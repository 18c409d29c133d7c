"""Seals of thoughts: what a model signs comes back as it was, at its place, or it is not taken."""

import hashlib
from base64 import b64decode, b64encode

_MARK = b"stand-in:"
_DIGEST_BYTES = 12


def sealed(thought: str, place: int) -> str:
    """The signature of a thought that is block `place` of its answer."""
    digest = hashlib.sha256(thought.encode(errors="replace")).digest()[:_DIGEST_BYTES]
    return b64encode(_MARK + bytes([place % 256]) + digest).decode()


def place_of(signature: object, thought: str) -> int | None:
    """At which place of its answer the thought stood; None if it is not what was signed."""
    if not isinstance(signature, str):
        return None
    signature = signature.replace("-", "+").replace("_", "/")  # Google takes either alphabet
    try:
        said = b64decode(signature, validate=True)
    except ValueError:
        return None
    place = said[len(_MARK) : len(_MARK) + 1]
    return place[0] if place and sealed(thought, place[0]) == signature else None
