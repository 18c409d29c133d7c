"""Automatic top-ups as they stand with a user: what was agreed, the card that is kept, and the charge under way. Pure.

A charge has a name, made of customer, user, day and number, before it is asked for: whoever asks again asks for the
same one. `used` counts the charges of a day that were made or may have been, and never exceeds what the user agreed
to; `number` counts the day's names, declined ones too, so that none is used for two charges.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from aggregator.billing.money import NanoUsd

State = Literal["off", "card_needed", "active", "paused"]

OFF: State = "off"
CARD_NEEDED: State = "card_needed"
ACTIVE: State = "active"
PAUSED: State = "paused"

CARD_DECLINED = "card_declined"
AUTHENTICATION_REQUIRED = "authentication_required"
NO_ANSWER = "no_answer"

KEY_LIVES = timedelta(hours=23)
"""For how long a charge is asked for again under its name: Stripe forgets names after a day, and would charge anew."""

EVENT_WITHIN = timedelta(minutes=5)
"""How long the event of a charge may take. After that the charge is booked without it, and somebody is told."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a user agreed to: so many cents whenever less than `threshold_nano_usd` is there, so often a day (UTC)."""

    threshold_nano_usd: NanoUsd
    cents: int
    at_most_a_day: int


@dataclass(frozen=True, slots=True)
class Card:
    """A card that Stripe keeps for a customer of the platform's there; `shown` is `Visa 4242`."""

    customer: str
    payment_method: str
    shown: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A charge that is to be made, or was: `payment` is its id and `created` its second there, once they are known."""

    user_id: str
    day: str
    number: int
    cents: int
    card: Card
    begun_at: datetime
    payment: str | None = None
    created: int = 0

    @property
    def name(self) -> str:
        """The charge's one name: Stripe's idempotency key of it."""
        return f"automatic:{self.card.customer}:{self.user_id}:{self.day}:{self.number}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How automatic top-ups stand with a user. `session` is the page that a card is awaited from."""

    user_id: str
    state: State = OFF
    agreed: Agreed | None = None
    card: Card | None = None
    reason: str | None = None
    session: str | None = None
    day: str = ""
    used: int = 0
    number: int = 0
    attempt: Attempt | None = None
    version: int = 0

    def agree(self, agreed: Agreed, session: str | None) -> "Standing":
        """As it is once the user has agreed; with a `session`, a card is awaited from it, and a working one goes on."""
        goes_on = self.card is not None and (session is None or self.state == ACTIVE)
        state = ACTIVE if goes_on else CARD_NEEDED
        return replace(self, state=state, agreed=agreed, reason=None, session=session)

    def keep(self, card: Card) -> "Standing":
        """As it is with a card that its user has just given."""
        return replace(self, state=ACTIVE, card=card, reason=None, session=None)

    def stop(self) -> "Standing":
        """Off: nothing is charged any more, and no charge under way is asked for again. The day's count stays."""
        return replace(self, state=OFF, agreed=None, card=None, reason=None, session=None, attempt=None)

    def used_on(self, day: str) -> int:
        """How many charges of a day count."""
        return self.used if self.day == day else 0

    def may_begin(self, now: datetime) -> bool:
        """Whether another charge is agreed to now, if the balance is low."""
        return (
            self.state == ACTIVE
            and self.attempt is None
            and self.agreed is not None
            and self.card is not None
            and self.used_on(day_of(now)) < self.agreed.at_most_a_day
        )

    def begin(self, now: datetime) -> "Standing":
        """With the next charge claimed; only after `may_begin`."""
        assert self.agreed is not None
        assert self.card is not None
        day = day_of(now)
        number = self.number + 1 if self.day == day else 1
        attempt = Attempt(self.user_id, day, number, self.agreed.cents, self.card, now)
        return replace(self, day=day, used=self.used_on(day) + 1, number=number, attempt=attempt)

    def charged(self, payment: str, created: int) -> "Standing":
        """With the charge made; it stays until it is in the ledger, so that nobody charges again meanwhile."""
        assert self.attempt is not None
        return replace(self, attempt=replace(self.attempt, payment=payment, created=created))

    def booked(self) -> "Standing":
        """With the charge in the ledger: another may begin."""
        return replace(self, attempt=None)

    def declined(self, reason: str, *, may_have_charged: bool = False) -> "Standing":
        """Paused until the user acts. A charge that was surely not made does not count for its day."""
        assert self.attempt is not None
        gives_back = self.day == self.attempt.day and not may_have_charged
        state = PAUSED if self.state == ACTIVE else self.state
        return replace(
            self,
            state=state,
            reason=reason if state == PAUSED else self.reason,
            used=self.used - 1 if gives_back else self.used,
            attempt=None,
        )


def day_of(now: datetime) -> str:
    """The UTC day of a moment."""
    return now.date().isoformat()
