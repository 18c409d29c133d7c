"""An answer that is kept for repetitions of its request: packing, unpacking, and recording a stream. Pure."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aggregator.proxy.answers.given_again import free_headers

KEPT_SECONDS = 24 * 3600
"""How long an Idempotency-Key is known."""

_LEVEL = 6
_NOT_REPEATED = "x-ratelimit-"  # what was left then says nothing of now, and a repetition takes nothing


@dataclass(frozen=True, slots=True)
class Mark:
    """One request's claim on its user's Idempotency-Key; times are seconds since the epoch.

    Nobody else may work on the key before `leased_until`; that is later than the request can live. By `ends` of the
    monotonic clock the answer must be stored.
    """

    user_id: str
    key: str = field(repr=False)
    body_hash: str = field(repr=False)
    request_id: str
    now: int
    leased_until: int
    ends: float | None = None

    @property
    def expires_at(self) -> int:
        """When the key may be used anew."""
        return self.now + KEPT_SECONDS


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A whole answer, its body compressed by zlib; `request_id` is the request's that was carried out."""

    status: int
    headers: Mapping[str, str]
    compressed: bytes = field(repr=False)
    request_id: str

    @property
    def body(self) -> bytes:
        """The bytes as they were sent.

        Raises:
            zlib.error: they are damaged.
        """
        return zlib.decompress(self.compressed)

    def headers_for(self, request_id: str) -> dict[str, str]:
        """Headers of a repetition, which is the request `request_id`, under every name that a surface has for it.

        It is free, and says so.
        """
        kept = {
            name: request_id if value == self.request_id else value
            for name, value in free_headers(self.headers).items()
            if not name.lower().startswith(_NOT_REPEATED)
        }
        return kept | {
            "x-request-id": request_id,
            "x-aggregator-replayed": "true",
            "x-aggregator-original-request-id": self.request_id,
        }


def compressed(body: bytes) -> bytes:
    """`body` as it is stored."""
    return zlib.compress(body, _LEVEL)


class Recording:
    """A stream that is compressed on its way to the client, to be kept.

    At its end, `keep` gets it if it is whole, else `drop` is called: one of them, once. Neither may raise.
    `is_whole` looks at the last chunk. A client that leaves after it has got the whole answer: it is kept.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        *,
        is_whole: Callable[[bytes], bool],
        keep: Callable[[bytes], None],
        drop: Callable[[], None],
    ) -> None:
        self._source = chunks
        self._chunks = iter(chunks)
        self._is_whole = is_whole
        self._keep = keep
        self._drop = drop
        self._packer = zlib.compressobj(_LEVEL)
        self._packed: list[bytes] = []
        self._last = b""
        self._over = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except BaseException:  # its end, or a failure: either way nothing follows
            self._end()
            raise
        if chunk:
            self._packed.append(self._packer.compress(chunk))
            self._last = chunk
        return chunk

    def close(self) -> None:
        """End the stream early, or do nothing if it is at its end."""
        close = getattr(self._source, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._end()

    def _end(self) -> None:
        if self._over:
            return
        self._over = True
        if self._is_whole(self._last):
            self._keep(b"".join([*self._packed, self._packer.flush()]))
        else:
            self._drop()


class Used(Exception):
    """The Idempotency-Key was used in the last 24 hours; `stored` is what is known of it."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        super().__init__("the key was used")
        self.stored = stored
