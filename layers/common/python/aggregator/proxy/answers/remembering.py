"""Kept responses, as one request meets them: what it may go on from, and how its own answer is kept."""

from datetime import datetime

from aggregator.proxy.admission import Allows
from aggregator.proxy.afterwards import stored_by
from aggregator.proxy.answers.kept_responses import (
    KEPT_SECONDS,
    Keeping,
    KeptResponse,
    KeptResponses,
    items_of,
    kept_on_its_way,
)
from aggregator.proxy.dialects.native import named_event
from aggregator.proxy.model import Ask
from aggregator.runtime.streaming import StreamingResponse


class Remembering:
    """The kept responses that a caller may read: its user's, from models that its key may call."""

    def __init__(
        self,
        store: KeptResponses,
        user_id: str,
        allows: Allows,
        now: datetime,
    ) -> None:
        self._store = store
        self._user_id = user_id
        self._allows = allows
        self._now_epoch_seconds = now.timestamp()

    def response(self, response_id: str) -> KeptResponse | None:
        """See `Memory.response`."""
        kept = self._store.read(self._user_id, response_id, self._now_epoch_seconds)
        if kept is not None:
            self._allows(kept.answered_by)
        return kept

    def holder_of(self, item_id: str) -> KeptResponse | None:
        """See `Memory.holder_of`."""
        held_by = self._store.holder_of(self._user_id, item_id, self._now_epoch_seconds)
        return None if held_by is None else self.response(held_by)


def kept(
    answer: StreamingResponse,
    ask: Ask,
    store: KeptResponses,
    *,
    request_id: str,
    now: datetime,
    deadline: float,
) -> StreamingResponse:
    """The answer to a request, kept on its way to the client; see `kept_responses.kept_on_its_way`."""
    keeping = Keeping(
        store,
        ask.user_id,
        request_id,
        items_of(ask.asked.get("input")),
        ask.follows,
        int(now.timestamp()) + KEPT_SECONDS,
        stored_by(deadline),
    )
    return kept_on_its_way(answer, keeping, named_event)
