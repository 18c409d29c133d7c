"""What a request wishes of answers that are kept: to be carried out once, or to take one from the cache.

On the hot path: what carries a wish out is imported when the first request has one.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from aggregator.errors import InvalidRequest
from aggregator.runtime.request import header_of

KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 255

CACHE_HEADER = "x-aggregator-cache"
LONGEST_SECONDS = 3_600


class Wishes(NamedTuple):
    """An Idempotency-Key, if there is one, and how old an answer may be, in seconds; 0 for a fresh one."""

    key: str | None
    cache_seconds: int

    @classmethod
    def of(cls, event: Mapping[str, Any], cache_seconds: int) -> "Wishes":
        """Those of a request; `cache_seconds` is what its key does by itself.

        Raises:
            InvalidRequest: a header is none.
        """
        seconds = seconds_of(event, cache_seconds)
        return cls(key_of(event), seconds)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self.key is not None or self.cache_seconds > 0


def key_of(event: Mapping[str, Any]) -> str | None:
    """The Idempotency-Key that an event carries, if any.

    Raises:
        InvalidRequest: it is empty, or longer than 255 characters.
    """
    key = header_of(event, KEY_HEADER)
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise InvalidRequest(f"{KEY_HEADER}: must have 1 to {LONGEST_KEY} characters", param=KEY_HEADER)
    return key


def hash_of(route: str, body: str | bytes) -> str:
    """What tells one request from another: the method and route (`POST /v1/chat/completions`), and the body's bytes."""
    raw = body.encode() if isinstance(body, str) else body
    return sha256(route.encode() + b"\n" + raw).hexdigest()


def seconds_of(event: Mapping[str, Any], by_default: int = 0) -> int:
    """How old an answer a request takes, in seconds; 0 for a fresh one.

    Raises:
        InvalidRequest: the header is no number from 0 to 3600.
    """
    said = header_of(event, CACHE_HEADER)
    if said is None:
        return by_default
    if not re.fullmatch(r"[0-9]{1,4}", said.strip()) or int(said) > LONGEST_SECONDS:
        raise InvalidRequest(
            f"{CACHE_HEADER}: must be a number of seconds from 0 to {LONGEST_SECONDS}", param=CACHE_HEADER
        )
    return int(said)
