"""Requests and answers of top-ups."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from aggregator.billing.money import CURRENCY, to_nano_usd, to_usd
from aggregator.payments.automatic import Agreed, Standing, State
from aggregator.payments.gateway import Checkout
from aggregator.runtime.schema import Moment, Request, Response, UserId

LEAST_CENTS = 100
MOST_CENTS = 1_000_000


def _cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def _within_bounds(amount: str) -> str:
    if not LEAST_CENTS <= _cents(amount) <= MOST_CENTS:
        raise ValueError("must be from 1.00 to 10000.00")
    return amount


def _shown(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


Cents = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,5}(\.[0-9]{1,2})?$", examples=["25.00"]),
    AfterValidator(_within_bounds),
]
"""1 to 10,000 US dollars, in whole cents."""


class TopupRequest(Request):
    """A top-up: 1 to 10,000 US dollars, in whole cents."""

    user_id: UserId | None = Field(default=None, description="Whose account. The key's own user by default.")
    amount: Cents
    currency: Literal["USD"] = CURRENCY

    @property
    def cents(self) -> int:
        """The amount as Stripe takes it."""
        return _cents(self.amount)


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
            amount=_shown(cents),
            expires_at=checkout.expires_at,
        )


class AutomaticRequest(Request):
    """Automatic top-ups: `amount` is charged to a card that Stripe keeps, whenever the balance is below `threshold`."""

    user_id: UserId | None = Field(default=None, description="Whose account. The key's own user by default.")
    threshold: Cents
    amount: Cents
    at_most_a_day: Annotated[
        int, Field(strict=True, ge=1, le=24, description="How often in a UTC day, at the most.")
    ]
    new_card: bool = Field(
        default=False, description="Whether another card than the one that is kept is to be given."
    )

    @property
    def agreed(self) -> Agreed:
        """As it is written down."""
        return Agreed(to_nano_usd(self.threshold), _cents(self.amount), self.at_most_a_day)


class AutomaticTopups(Response):
    """How automatic top-ups stand with a user.

    `card_needed` until a card was given at `url`, a page of Stripe's; `paused` after a charge failed, for `reason`,
    until they are set again. `usedToday` counts the charges of this UTC day.
    """

    user_id: str
    state: State
    threshold: str | None
    amount: str | None
    at_most_a_day: int | None
    currency: str = CURRENCY
    card: str | None
    reason: str | None
    used_today: int
    url: str | None = None

    @classmethod
    def of(cls, standing: Standing, today: str, url: str | None = None) -> "AutomaticTopups":
        """Show how they stand."""
        agreed = standing.agreed
        return cls(
            user_id=standing.user_id,
            state=standing.state,
            threshold=to_usd(agreed.threshold_nano_usd) if agreed else None,
            amount=_shown(agreed.cents) if agreed else None,
            at_most_a_day=agreed.at_most_a_day if agreed else None,
            card=standing.card.shown if standing.card else None,
            reason=standing.reason,
            used_today=standing.used_on(today),
            url=url,
        )


class Received(Response):
    """That an event was taken. `entryId` is the ledger entry that it led to, null where it is about nothing of ours."""

    received: bool = True
    entry_id: str | None = None
