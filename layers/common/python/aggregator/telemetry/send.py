"""Send: one post of OTLP, with what its specification has a client do with each answer.

Taken, whole or in part: never again. 429, 502, 503, 504 and no answer: again, after as long as the endpoint says, or
ever longer. All others: dropped, and told. Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aggregator.runtime.public_post import NotPosted, Posted
from aggregator.telemetry.otlp import JsonObject

MOST_ANSWER_BYTES = 4 * 1024**2
"""More than that is no answer to be read; the specification's own figure."""

TRIES = 3
LONGEST_WAIT_SECONDS = 5.0
"""A longer wait is not paid for: the messages wait in their queue."""

_FIRST_WAIT_SECONDS = 0.5
_RETRYABLE = frozenset({429, 502, 503, 504})
_SAID_AT_MOST = 200

Post = Callable[[str, Mapping[str, str], bytes], Posted]
Authorize = Callable[[bool, Mapping[str, str], bytes], Mapping[str, str]]
"""All headers of a post that has these and this body; if the flag is set, with secrets as they are now."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a post. `lost` are spans or points that nobody will take, `why` in the endpoint's words.

    `is_later`: it may be taken later, after `after_seconds` where the endpoint says so.
    """

    lost: int = 0
    why: str = ""
    is_later: bool = False
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts, and waits a little where that may help."""

    post: Post
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    chance: Callable[[], float]

    def send(self, url: str, payload: JsonObject, count: int, authorize: Authorize) -> Sent:
        """Post `count` spans or points to an address."""
        body = gzip.compress(json.dumps(payload, separators=(",", ":")).encode(), mtime=0)
        plain = {"content-type": "application/json", "content-encoding": "gzip"}
        anew, tries = False, 0
        while True:
            tries += 1
            try:
                answer = self.post(url, authorize(anew, plain, body), body)
            except NotPosted as missed:
                sent = Sent(why=str(missed), is_later=True)
            else:
                if answer.status in (401, 403) and not anew:
                    anew = True
                    continue
                sent = self._read(answer, count)
            if not sent.is_later or tries >= TRIES:
                return sent
            wait = sent.after_seconds
            if wait is None:
                wait = _FIRST_WAIT_SECONDS * 2 ** (tries - 1) * (0.5 + self.chance())
            elif wait > LONGEST_WAIT_SECONDS:
                return sent
            self.sleep(wait)

    def _read(self, answer: Posted, count: int) -> Sent:
        if answer.status in _RETRYABLE:
            return Sent(
                why=_status(answer),
                is_later=True,
                after_seconds=seconds_of(answer.headers.get("retry-after"), self.clock()),
            )
        if not 200 <= answer.status < 300:
            return Sent(lost=count, why=_status(answer))
        if not answer.is_whole:
            return Sent(why="its answer is too long to be read")
        rejected, why = _partial(answer.body)
        return Sent(lost=min(rejected, count), why=why)


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """How long to wait, of a `Retry-After` in seconds or with a date; None if it says neither."""
    said = (retry_after or "").strip()
    if said.isascii() and said.isdigit() and len(said) < 9:
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def _partial(body: bytes) -> tuple[int, str]:
    """How many were rejected, and why; a warning has a reason alone."""
    try:
        said = json.loads(body).get("partialSuccess") or {}
        rejected = int(said.get("rejectedSpans") or said.get("rejectedDataPoints") or 0)
        return max(0, rejected), str(said.get("errorMessage") or "")[:_SAID_AT_MOST]
    except (ValueError, TypeError, AttributeError):
        return 0, ""


def _status(answer: Posted) -> str:
    """The status, and what a Status message says beside it."""
    try:
        said = str(json.loads(answer.body).get("message") or "")
    except (ValueError, AttributeError):
        said = ""
    return f"{answer.status} {said}".strip()[:_SAID_AT_MOST]
