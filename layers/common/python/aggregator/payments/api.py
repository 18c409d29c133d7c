"""Requests and answers of top-ups."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from aggregator.billing.money import CURRENCY
from aggregator.payments.gateway import Checkout
from aggregator.runtime.schema import Moment, Request, Response, UserId

LEAST_CENTS = 100
MOST_CENTS = 1_000_000


class TopupRequest(Request):
    """A top-up: 1 to 10,000 US dollars, in whole cents."""

    user_id: UserId | None = Field(default=None, description="Whose account. The key's own user by default.")
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,5}(\.[0-9]{1,2})?$", examples=["25.00"])]
    currency: Literal["USD"] = CURRENCY

    @field_validator("amount")
    @classmethod
    def _within_bounds(cls, amount: str) -> str:
        if not LEAST_CENTS <= int(Decimal(amount) * 100) <= MOST_CENTS:
            raise ValueError("must be from 1.00 to 10000.00")
        return amount

    @property
    def cents(self) -> int:
        """The amount as Stripe takes it."""
        return int(Decimal(self.amount) * 100)


class Topup(Response):
    """A page of Stripe's to pay at. Once it is paid, the credit is in the statement, mostly within seconds."""

    id: str
    url: str
    user_id: str
    amount: str
    currency: str = CURRENCY
    expires_at: Moment

    @classmethod
    def of(cls, checkout: Checkout, user_id: str, cents: int) -> "Topup":
        """A page as it is shown."""
        return cls(
            id=checkout.id,
            url=checkout.url,
            user_id=user_id,
            amount=f"{cents // 100}.{cents % 100:02}",
            expires_at=checkout.expires_at,
        )


class Received(Response):
    """That an event was taken. `entryId` is the ledger entry that it led to, null where it is about nothing of ours."""

    received: bool = True
    entry_id: str | None = None
