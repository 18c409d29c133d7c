"""Idempotency-Key: the same key and request give the stored answer, without a provider call or a charge.

A user's key is claimed before anything else happens, by one conditional write, and afterwards leads to the answer, for
24 hours: two AWS calls more, and none for requests without the header.

| the key was                              | then                                                                      |
|------------------------------------------|---------------------------------------------------------------------------|
| not used in the last 24 hours            | the request is carried out                                                |
| used with another request                | 422, for good                                                             |
| claimed, and that request may be running | 409 with Retry-After and `x-should-retry: true`                           |
| claimed, and that request has died       | the request is carried out: the claim has a deadline                      |
| answered                                 | the answer again: status, headers, body; a stream as one chunk            |

Refused and failed requests, and streams that were cut, free the key: a retry of those is carried out. An answer that
cannot be stored is given all the same; its key is freed then, or comes free at the claim's deadline.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aggregator.errors import IdempotencyMismatch, RequestInProgress, StoreUnavailable
from aggregator.proxy.admission import Allows
from aggregator.proxy.answers.given_again import free_events, is_stream
from aggregator.proxy.answers.stored_answer import (
    Mark,
    Recording,
    StoredAnswer,
    Used,
    compressed,
)
from aggregator.proxy.answers.wishes import KEY_HEADER
from aggregator.proxy.dialects.surface import ends_at_its_mark
from aggregator.runtime import log
from aggregator.runtime.aws import TIMED_OUT, AwsError
from aggregator.runtime.streaming import StreamingResponse

_RETRY_SECONDS = 2
_LEASE_MARGIN_SECONDS = 60  # clocks differ, and an answer takes its time to be stored


class Answers(Protocol):
    """What idempotency needs of the proxy's store."""

    def begin(self, mark: Mark) -> None:
        """See `AnswerStore.begin`."""
        ...

    def keep(self, mark: Mark, answer: StoredAnswer) -> bool:
        """See `AnswerStore.keep`."""
        ...

    def read(self, stored: Mapping[str, Any]) -> StoredAnswer:
        """See `AnswerStore.read`."""
        ...

    def forget(self, mark: Mark) -> bool:
        """See `AnswerStore.forget`."""
        ...


def mark_of(
    user_id: str,
    key: str,
    body_hash: str,
    *,
    request_id: str,
    now_epoch_seconds: float,
    seconds: float,
    ends: float | None = None,
) -> Mark:
    """The claim of a request that lives for `seconds` at most, counted from now; `ends` as `Mark` has it."""
    leased_until = int(now_epoch_seconds + seconds) + 1 + _LEASE_MARGIN_SECONDS
    return Mark(user_id, key, body_hash, request_id, int(now_epoch_seconds), leased_until, ends)


def once(
    answers: Answers,
    mark: Mark,
    carry_out: Callable[[], StreamingResponse],
    *,
    allows: Allows,
    is_whole: Callable[[bytes], bool] = ends_at_its_mark,
) -> StreamingResponse:
    """Carry a request out, or give the answer that it got before.

    A plain answer is stored before it is given; a stream while it is read, and `is_whole` tells from its last chunk
    whether it came to its end. `allows` refuses an answer that the caller's key does not allow.

    Raises:
        ModelNotAllowed: the key may not call the model that answered; the answer stays, for keys that may.
        RequestInProgress: the same request is being worked on.
        IdempotencyMismatch: the key was used with another request.
        StoreUnavailable: whether the key was used cannot be known, or its answer not be read; nothing was done.
        Exception: whatever `carry_out` raises; the key is free again.
    """
    before = begin(answers, mark)
    if before is not None:
        allows(before.headers)
        return _replayed(before, mark)
    try:
        answer = carry_out()
        return _kept(answers, mark, answer, is_whole)
    except BaseException:
        forget(answers, mark)
        raise


def begin(answers: Answers, mark: Mark) -> StoredAnswer | None:
    """Claim a key: the answer it led to before, or None if the request is to be carried out.

    Raises:
        RequestInProgress, IdempotencyMismatch, StoreUnavailable: as `once` does.
    """
    try:
        try:
            answers.begin(mark)
        except AwsError as lost:
            if lost.code != TIMED_OUT:
                raise
            answers.begin(mark)  # if the first one arrived, this one meets our own mark
    except Used as used:
        return _answer_of(answers, mark, used.stored)
    except AwsError as failed:
        raise _unavailable() from failed
    return None


def finish(answers: Answers, mark: Mark, answer: StoredAnswer) -> None:
    """Store an answer; never raises, for the answer must not suffer from it."""
    try:
        try:
            ours = answers.keep(mark, answer)
        except AwsError as lost:
            if lost.code != TIMED_OUT:
                raise
            ours = answers.keep(mark, answer)
    except Exception as failed:
        code = failed.code if isinstance(failed, AwsError) else type(failed).__name__
        log.error("answer_unstored", request_id=mark.request_id, code=code)
        log.count("AnswerUnstored")
        if code != TIMED_OUT:  # then it may be stored after all, and is not to be deleted
            forget(answers, mark)
        return
    if not ours:
        log.warning("answer_outlived_its_mark", request_id=mark.request_id)


def forget(answers: Answers, mark: Mark) -> None:
    """Free a key; never raises. If it cannot be freed now, it comes free at its deadline."""
    try:
        answers.forget(mark)
    except Exception as failed:
        code = failed.code if isinstance(failed, AwsError) else type(failed).__name__
        log.warning("mark_not_freed", request_id=mark.request_id, code=code)


def _answer_of(answers: Answers, mark: Mark, stored: Mapping[str, Any]) -> StoredAnswer | None:
    if not stored:  # a condition failed, and what it met was not said
        raise _unavailable()
    if stored["body_hash"] != mark.body_hash:
        raise IdempotencyMismatch(f"This {KEY_HEADER} was used with another request.", param=KEY_HEADER)
    if "answer_status" in stored:
        return _read(answers, mark, stored)
    if stored["request_id"] == mark.request_id:
        return None
    raise RequestInProgress(
        f"A request with this {KEY_HEADER} is being worked on.",
        param=KEY_HEADER,
        retry_after_seconds=_RETRY_SECONDS,
    )


def _read(answers: Answers, mark: Mark, stored: Mapping[str, Any]) -> StoredAnswer:
    try:
        return answers.read(stored)
    except AwsError as failed:
        log.error("answer_unread", request_id=mark.request_id, code=failed.code)
        raise _unavailable() from failed


def _replayed(answer: StoredAnswer, mark: Mark) -> StreamingResponse:
    try:
        body = answer.body
    except zlib.error as damaged:
        log.error("answer_damaged", request_id=mark.request_id, original_request_id=answer.request_id)
        raise _unavailable() from damaged
    log.info("replayed", request_id=mark.request_id, original_request_id=answer.request_id)
    chunks = [free_events(body, mark.request_id) if is_stream(answer.headers) else body]
    return StreamingResponse(answer.status, answer.headers_for(mark.request_id), chunks)


def _kept(
    answers: Answers, mark: Mark, answer: StreamingResponse, is_whole: Callable[[bytes], bool]
) -> StreamingResponse:
    """Let an answer be stored on its way out, if it is one: refusals are not."""

    def keep(packed: bytes) -> None:
        finish(answers, mark, StoredAnswer(answer.status, answer.headers, packed, mark.request_id))

    def drop() -> None:
        forget(answers, mark)

    if answer.status >= 400:
        drop()
        return answer
    if is_stream(answer.headers):
        chunks = Recording(answer.chunks, is_whole=is_whole, keep=keep, drop=drop)
        return StreamingResponse(answer.status, answer.headers, chunks, answer.cookies)
    try:
        body = b"".join(answer.chunks)
    finally:
        answer.close()
    keep(compressed(body))
    return StreamingResponse(answer.status, answer.headers, [body], answer.cookies)


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The platform is busy; try again in a moment.", retry_after_seconds=1)
