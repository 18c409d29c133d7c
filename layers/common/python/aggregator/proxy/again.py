"""Again: a request that is carried out once, however often it comes, or takes an answer from the cache.

Imported when the first request has such a wish. A repetition, or what is in the cache, does not get as far as the walk.
"""

from collections.abc import Callable

from aggregator.auth.caller import Caller
from aggregator.proxy.admission import Allows
from aggregator.proxy.afterwards import SETTLE_SECONDS, stored_by
from aggregator.proxy.answers import idempotency, response_cache
from aggregator.proxy.answers.wishes import Wishes
from aggregator.proxy.model import Ask
from aggregator.proxy.walk import Collaborators, Visit
from aggregator.runtime.streaming import StreamingResponse


def answered(
    caller: Caller,
    ask: Ask,
    visit: Visit,
    do: Collaborators,
    *,
    wishes: Wishes,
    body_hash: str,
    is_whole: Callable[[bytes], bool],
    walked: Callable[[], StreamingResponse],
    kept: Callable[[StreamingResponse], StreamingResponse],
) -> StreamingResponse:
    """The answer that is kept, or that of `walked`, `kept` on its way out.

    Raises:
        ModelNotAllowed: the key may not call the model that answered.
        Refusal: what `walked` refuses, or the key is another request's, or in work.
    """
    # Whoever gets an answer that is kept passes what the walk would ask first.
    allows = do.admit(caller, ask.model, source_ip=visit.source_ip, now=visit.now)

    def carry_out() -> StreamingResponse:
        return kept(cached() if wishes.cache_seconds else walked())

    def cached() -> StreamingResponse:
        answers = response_cache.NOTHING_CACHED if do.cached is None else do.cached()
        wish = _wish(caller, ask, visit, wishes.cache_seconds, allows)
        return response_cache.served(answers, wish, walked, is_whole=is_whole)

    if wishes.key is None:
        return carry_out()
    mark = idempotency.mark_of(
        caller.user_id,
        wishes.key,
        body_hash,
        request_id=visit.request_id,
        now_epoch_seconds=visit.now.timestamp(),
        seconds=visit.deadline - do.monotonic() + SETTLE_SECONDS,
        ends=stored_by(visit.deadline),
    )
    return idempotency.once(do.answers(), mark, carry_out, is_whole=is_whole, allows=allows)


def _wish(caller: Caller, ask: Ask, visit: Visit, seconds: int, allows: Allows) -> response_cache.Wish:
    return response_cache.Wish(
        caller=caller,
        key=response_cache.key_of(ask, caller),
        seconds=seconds,
        now_epoch_seconds=int(visit.now.timestamp()),
        request_id=visit.request_id,
        ok_status=visit.ok_status,
        allows=allows,
    )
