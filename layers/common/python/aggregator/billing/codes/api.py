"""Requests and answers of promo codes."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from aggregator.billing.api import idempotency_key_of
from aggregator.billing.codes import model
from aggregator.billing.codes.redeem import Redemption
from aggregator.billing.grants_api import Ahead, AmountGiven
from aggregator.billing.money import CURRENCY, to_nano_usd, to_usd
from aggregator.errors import InvalidRequest
from aggregator.runtime import clock
from aggregator.runtime.request import Event, request_id_of
from aggregator.runtime.schema import Request, Response


class CodeRequest(Request):
    """A promo code: what it gives, for how long, until when, and to how many."""

    code: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{6,62})[A-Za-z0-9]$",
            description="Its text; without one, a code is made that nobody guesses.",
        ),
    ] = None
    name: str | None = Field(
        default=None, max_length=200, description="What it is for; the reason of its grants."
    )
    amount: AmountGiven
    currency: Literal["USD"] = CURRENCY
    credit_days: int = Field(
        ge=1, le=3_650, description="How long the credit lives, from redeeming on.", examples=[30]
    )
    redeemable_until: Annotated[
        Ahead, Field(description="Within ten years.", examples=["2027-01-01T00:00:00Z"])
    ]
    max_redemptions: int = Field(
        ge=1, le=1_000_000, description="How many users may redeem it.", examples=[100]
    )

    def to_code(self, text: str) -> model.Code:
        """The code with its text, as it is kept."""
        return model.Code(
            id=model.id_of(text),
            amount_nano_usd=to_nano_usd(self.amount),
            credit_days=self.credit_days,
            redeemable_until=clock.iso(self.redeemable_until),
            most=self.max_redemptions,
            created_at=clock.iso(clock.now()),
            name=self.name,
        )


class Code(Response):
    """A promo code; its text is shown when it is made, and never again.

    `state`: `active`, `ended`, `used_up` or `disabled`.
    """

    id: str
    name: str | None = None
    amount: str
    currency: str = CURRENCY
    credit_days: int
    redeemable_until: str
    max_redemptions: int
    redeemed: int
    state: model.State
    created_at: str

    @classmethod
    def of(cls, code: model.Code, now: datetime) -> "Code":
        """Answer for a code."""
        return cls(
            id=code.id,
            name=code.name,
            amount=to_usd(code.amount_nano_usd),
            credit_days=code.credit_days,
            redeemable_until=code.redeemable_until,
            max_redemptions=code.most,
            redeemed=code.redeemed,
            state=code.state(clock.iso(now)),
            created_at=code.created_at,
        )


class CreatedCode(Code):
    """A code that was made now, with its text."""

    code: str


class CodesQuery(Request):
    """Which codes: all, in pages."""

    limit: int = Field(default=100, ge=1, le=500, description="Codes in a page.")
    cursor: str | None = Field(
        default=None, max_length=400, description="`nextCursor` of the page before this one."
    )

    def after(self) -> str | None:
        """The id after which the page begins.

        Raises:
            InvalidRequest: the cursor is none of ours.
        """
        if self.cursor is None:
            return None
        try:
            return urlsafe_b64decode(self.cursor.encode()).decode()
        except ValueError:
            raise InvalidRequest("cursor: is not one of ours", param="cursor") from None


class Codes(Response):
    """A page of codes, in no order that means anything."""

    data: list[Code]
    next_cursor: str | None = None

    @classmethod
    def of(cls, found: list[model.Code], after: str | None, now: datetime) -> "Codes":
        """Answer for a page."""
        cursor = None if after is None else urlsafe_b64encode(after.encode()).decode()
        return cls(data=[Code.of(code, now) for code in found], next_cursor=cursor)


class RedeemRequest(Request):
    """A code as somebody typed it: in capitals or not, with hyphens and blanks or without."""

    code: str = Field(min_length=1, max_length=100, examples=["7K2M-9QXD-41ZV-B8TN"])


def redemption_of(body: RedeemRequest, user_id: str, event: Event) -> Redemption:
    """What a request wants redeemed, under its request id and its Idempotency-Key.

    Raises:
        InvalidRequest: the Idempotency-Key is empty, over 255 bytes, or no text.
    """
    return Redemption(request_id_of(event), user_id, body.code, idempotency_key_of(event))
