"""Answers without a key that a client may keep: their entity tags, and who has them already. Standard library only."""

import hashlib
from collections.abc import Mapping

from aggregator.runtime.request import Event, header_of

FOR_A_WHILE = "public, max-age=300"

SAFE: Mapping[str, str] = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""What a page for a browser is sent with."""


def etag_of(said: bytes) -> str:
    """Entity tag of an answer."""
    return f'"{hashlib.sha256(said).hexdigest()[:32]}"'


def has_already(event: Event, etag: str) -> bool:
    """Whether the client says that it has what this tag stands for."""
    known = (header_of(event, "If-None-Match") or "").split(",")
    return etag in {tag.strip().removeprefix("W/") for tag in known}
