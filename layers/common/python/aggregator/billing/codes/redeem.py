"""Redeem a promo code: a grant for its user, once each user, and never more often in all than the code is for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.billing.codes.model import Code, id_of
from aggregator.billing.give import DependsOnOther, GrantOrder, Ledger, give
from aggregator.billing.grant_writes import Given
from aggregator.errors import Conflict, JsonObject, NotFound, RateLimitExceeded
from aggregator.runtime.clock import iso

_NO = "This code cannot be redeemed."
"""The one answer for a code that is unknown, ended, used up or disabled: a guess learns nothing of it."""


class Codes(Protocol):
    """What redeeming needs of the codes."""

    def code(self, code_id: str) -> Code | None:
        """See `CodeStore.code`."""
        ...

    def redemption(self, code: Code, now: str) -> JsonObject:
        """See `CodeStore.redemption`."""
        ...

    def take_try(self, user_id: str, epoch_seconds: float) -> bool:
        """See `CodeStore.take_try`."""
        ...


@dataclass(frozen=True, slots=True)
class Redemption:
    """Who redeems what; `id` is to be the grant's. An Idempotency-Key makes a repetition the same grant again."""

    id: str
    user_id: str
    text: str
    idempotency_key: str | None = None


def redeem(
    codes: Codes, ledger: Ledger, asked: Redemption, now: datetime, sleep: Callable[[float], None]
) -> Given:
    """Give the grant of a code, in the one write that counts it.

    Raises:
        RateLimitExceeded: the user has tried too often in this hour.
        NotFound: the code is unknown, ended, used up or disabled; which of them is not said.
        Conflict: the user has redeemed it, or has as many grants as may be.
        All of them give nothing and count nothing.
    """
    moment = now.timestamp()
    if not codes.take_try(asked.user_id, moment):
        raise RateLimitExceeded(
            "Too many codes were tried in this hour.", retry_after_seconds=3600 - int(moment) % 3600
        )
    code_id = id_of(asked.text)
    code = codes.code(code_id)
    if code is None:
        raise NotFound(_NO, param="code")
    known = ledger.given_under(asked.user_id, f"code:{code_id}")
    if known is None and code.state(iso(now)) != "active":
        raise NotFound(_NO, param="code")
    order = GrantOrder(
        id=asked.id,
        user_id=asked.user_id,
        amount_nano_usd=code.amount_nano_usd,
        ends_at=iso(now + timedelta(days=code.credit_days)),
        given_at=iso(now),
        reason=code.name,
        key=f"code:{code_id}",
        code_id=code_id,
        idempotency_key=asked.idempotency_key,
        body_hash=code_id,
        beside=codes.redemption(code, iso(now)),
    )
    try:
        gift = give(ledger, order, now_epoch_seconds=int(moment), sleep=sleep)
    except DependsOnOther:
        raise NotFound(_NO, param="code") from None
    if not gift.is_new and not _is_repeated(ledger, asked, gift.given, int(moment)):
        raise Conflict("You have redeemed this code.")
    return gift.given


def _is_repeated(ledger: Ledger, asked: Redemption, given: Given, now_epoch_seconds: int) -> bool:
    """Whether the grant was given for the same Idempotency-Key: then its answer was lost, and it is said again."""
    if asked.idempotency_key is None:
        return False
    booked = ledger.booked_for(asked.user_id, asked.idempotency_key, now_epoch_seconds)
    return booked is not None and booked.entry_id == given.id
