"""Requests and answers of grants: credit that ends."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from aggregator.billing.api import Amount, ForAWallet, idempotency_key_of
from aggregator.billing.give import GrantOrder
from aggregator.billing.grant_writes import Given
from aggregator.billing.grants import Purse
from aggregator.billing.money import CURRENCY, to_nano_usd, to_usd
from aggregator.runtime import clock
from aggregator.runtime.request import Event, request_id_of
from aggregator.runtime.schema import Instant, Request, Response, UserId

State = Literal["active", "spent", "ending", "expired"]

LONGEST = timedelta(days=3_660)
"""How far ahead a grant may end."""


def _above_zero(amount: str) -> str:
    if to_nano_usd(amount) <= 0:
        raise ValueError("must be above zero")
    return amount


def _ahead(moment: datetime) -> datetime:
    if not timedelta(0) < moment - clock.now() <= LONGEST:
        raise ValueError("must be ahead, within ten years")
    return moment


AmountGiven = Annotated[Amount, AfterValidator(_above_zero)]
"""Credit that is given: something."""

Ahead = Annotated[Instant, AfterValidator(_ahead)]
"""A moment at which credit may end."""


def _is_none(value: object) -> bool:
    return value is None


class GrantRequest(ForAWallet):
    """Credit that is given, and when it ends."""

    amount: AmountGiven
    currency: Literal["USD"] = CURRENCY
    expires_at: Annotated[
        Ahead, Field(description="When it ends; within ten years.", examples=["2027-01-01T00:00:00Z"])
    ]
    reason: str | None = Field(default=None, max_length=200, description="What it is given for.")


def grant_order_of(body: GrantRequest, event: Event) -> GrantOrder:
    """What a request wants given, under its request id and its Idempotency-Key.

    Raises:
        InvalidRequest: the Idempotency-Key is empty, over 255 bytes, or no text.
    """
    return GrantOrder(
        id=request_id_of(event),
        user_id=body.wallet_id,
        amount_nano_usd=to_nano_usd(body.amount),
        ends_at=clock.iso(body.expires_at),
        given_at=clock.iso(clock.now()),
        reason=body.reason,
        idempotency_key=idempotency_key_of(event),
        body_hash=hashlib.sha256(f"grant {body.model_dump_json()}".encode()).hexdigest(),
    )


class Grant(Response):
    """Credit that ends. `left` can be spent until `expiresAt`; what is left then expires, but for what is held.

    `state`: `active`; `spent`, with nothing left; `ending`, where its end has passed and requests from before it may
    still be paid from it; `expired`, with nothing left, for something of it was not spent in time.
    """

    id: str
    user_id: str
    amount: str
    left: str
    expired: str
    currency: str = CURRENCY
    state: State
    reason: str | None = None
    code_id: Annotated[
        str | None, Field(description="The code that it was redeemed with.", exclude_if=_is_none)
    ] = None
    created_at: str
    expires_at: str

    @classmethod
    def of(cls, given: Given, purse: Purse, now: datetime) -> "Grant":
        """Answer for a grant, as much as is left of it."""
        left = purse.left_of(given.id)
        return cls(
            id=given.id,
            user_id=given.user_id,
            amount=to_usd(given.amount_nano_usd),
            left=to_usd(left),
            expired=to_usd(given.expired_nano_usd),
            state=_state_of(given, left, clock.iso(now)),
            reason=given.reason,
            code_id=given.code_id,
            created_at=given.given_at,
            expires_at=given.ends_at,
        )


def _state_of(given: Given, left: int, now: str) -> State:
    if left:
        return "active" if now < given.ends_at else "ending"
    return "expired" if given.expired_nano_usd else "spent"


class GrantsQuery(Request):
    """Whose grants."""

    user_id: UserId | None = Field(
        default=None, description="Whose, a user's or a team's. The wallet that the key charges by default."
    )


class Grants(Response):
    """All grants of a wallet, newest first. `left` is what is left of all of them."""

    user_id: UserId
    left: str
    data: list[Grant]


def grants(user_id: str, all_given: Iterable[Given], purse: Purse, now: datetime) -> Grants:
    """All that were given, and what is left."""
    return Grants(
        user_id=user_id,
        left=to_usd(purse.total_nano_usd),
        data=[Grant.of(given, purse, now) for given in all_given],
    )
