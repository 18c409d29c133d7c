"""Response cache: the same request gets the same answer again, for nothing, for as long as it says.

Opt in by `x-aggregator-cache: <seconds>`, 3600 at most; `0` opts out of what the key does by itself. One user's answers
are never another's: an answer is found by user, surface, model and body, whatever order the body's fields come in.

| the request             | AWS calls more                        | charged   | `x-aggregator-cache` |
|-------------------------|---------------------------------------|-----------|----------------------|
| asks for no cache       | none                                  | as ever   | not there            |
| was answered before     | 1 read, and none of the walk's        | nothing   | `hit`, with `Age`    |
| was not, or too long ago| 1 read and 1 write                    | as ever   | `miss`               |

Kept is what the client got, in its dialect; a stream comes as a stream. Not kept are errors, streams that were cut,
and answers over 300 KB compressed. A table that fails is a miss.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from aggregator.auth.caller import Caller
from aggregator.proxy.admission import Allows
from aggregator.proxy.answer import CAPPED
from aggregator.proxy.answers.given_again import NOTHING, free_events
from aggregator.proxy.answers.stored_answer import Recording, compressed
from aggregator.proxy.answers.wishes import CACHE_HEADER
from aggregator.proxy.dialects.surface import ends_at_its_mark
from aggregator.proxy.model import Ask
from aggregator.runtime import log
from aggregator.runtime.aws import AwsError
from aggregator.runtime.sse import split
from aggregator.runtime.streaming import StreamingResponse

LARGEST_BODY_BYTES = 300_000

_KEPT_HEADERS = frozenset({
    "content-type",
    "x-accel-buffering",
    "x-aggregator-provider",
    "x-aggregator-model",
    "x-aggregator-price-version",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A whole answer of the walk, its body compressed; `stored_at` is in seconds since the epoch."""

    headers: Mapping[str, str]
    compressed: bytes
    request_id: str
    stored_at: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request wants of the cache: who asks and when, by which key, and how old an answer it takes.

    `allows` refuses an answer that the caller's key does not allow.
    """

    caller: Caller
    key: str
    seconds: int
    now_epoch_seconds: int
    request_id: str
    ok_status: int
    allows: Allows


class CachedAnswers(Protocol):
    """Where answers are kept; each method may raise AwsError."""

    def read(self, user_id: str, key: str) -> CachedAnswer | None:
        """The answer that is kept, however old."""
        ...

    def keep(self, user_id: str, key: str, answer: CachedAnswer, expires_at: int) -> None:
        """Keep an answer, in place of an older one."""
        ...


class NothingCached:
    """Keeps nothing."""

    def read(self, user_id: str, key: str) -> CachedAnswer | None:  # noqa: ARG002 (as the protocol has it)
        """No answer."""
        return None

    def keep(self, user_id: str, key: str, answer: CachedAnswer, expires_at: int) -> None:
        """Do nothing."""


NOTHING_CACHED = NothingCached()


def key_of(ask: Ask, caller: Caller) -> str:
    """What tells one request of a user from another: the body, and the model that its name stands for to this key."""
    body = json.dumps(ask.body, sort_keys=True, separators=(",", ":"))
    return sha256(
        f"{ask.surface}\n{caller.meant_by(ask.model)}\n{body}".encode(errors="surrogatepass")
    ).hexdigest()


def served(
    answers: CachedAnswers,
    wish: Wish,
    carry_out: Callable[[], StreamingResponse],
    *,
    is_whole: Callable[[bytes], bool] = ends_at_its_mark,
) -> StreamingResponse:
    """The answer that is kept, or that of `carry_out`, which is kept on its way out.

    `is_whole` tells from the last chunk of a stream whether it came to its end.

    Raises:
        ModelNotAllowed: the key may not call the model that answered.
        Refusal: what `carry_out` refuses.
    """
    kept = _read(answers, wish)
    if kept is not None:
        wish.allows(kept.headers)
        log.count("CacheHits")
        return _again(kept, wish)
    log.count("CacheMisses")
    answer = carry_out()
    headers = {**answer.headers, CACHE_HEADER: "miss"}

    def keep(packed: bytes) -> None:
        _keep(answers, wish, answer.headers, packed)

    if headers.get("Content-Type", "").startswith("text/event-stream"):
        chunks = Recording(answer.chunks, is_whole=is_whole, keep=keep, drop=lambda: None)
        return StreamingResponse(answer.status, headers, chunks, answer.cookies)
    body = b"".join(answer.chunks)
    keep(compressed(body))
    return StreamingResponse(answer.status, headers, [body], answer.cookies)


def _read(answers: CachedAnswers, wish: Wish) -> CachedAnswer | None:
    try:
        kept = answers.read(wish.caller.user_id, wish.key)
    except AwsError as failed:
        log.warning("cache_unread", request_id=wish.request_id, code=failed.code)
        return None
    if kept is None or wish.now_epoch_seconds - kept.stored_at >= wish.seconds:
        return None
    return kept


def _keep(answers: CachedAnswers, wish: Wish, headers: Mapping[str, str], packed: bytes) -> None:
    if len(packed) > LARGEST_BODY_BYTES or CAPPED in headers:
        return  # what a short balance cut off is no answer for whoever asks again
    told = {name: value for name, value in headers.items() if name.lower() in _KEPT_HEADERS}
    answer = CachedAnswer(told, packed, wish.request_id, wish.now_epoch_seconds)
    try:
        answers.keep(wish.caller.user_id, wish.key, answer, wish.now_epoch_seconds + wish.seconds)
    except AwsError as failed:
        log.warning("cache_unwritten", request_id=wish.request_id, code=failed.code)


def _again(kept: CachedAnswer, wish: Wish) -> StreamingResponse:
    headers = {
        **kept.headers,
        "x-request-id": wish.request_id,
        "Cache-Control": "no-cache",
        "x-aggregator-original-request-id": kept.request_id,
        "x-aggregator-attempts": "0",
        "x-aggregator-cost-usd": NOTHING,
        CACHE_HEADER: "hit",
        "Age": str(wish.now_epoch_seconds - kept.stored_at),
    }
    body = zlib.decompress(kept.compressed)
    if headers.get("Content-Type", "").startswith("text/event-stream"):
        return StreamingResponse(wish.ok_status, headers, split(free_events(body, wish.request_id)))
    return StreamingResponse(wish.ok_status, headers, [body])
