"""What events of Stripe's tell beside money: a payment that came to nothing, a card that was given. Pure.

| event | means |
|---|---|
| checkout.session.async_payment_failed | a bank transfer did not arrive |
| checkout.session.expired | a page to pay at was left unpaid for an hour |
| checkout.session.completed, of mode setup | a card was given for automatic top-ups |

Sources: docs.stripe.com/checkout/fulfillment, docs.stripe.com/payments/save-and-reuse
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.payments.stripe_event import AUTOMATIC, TOPUP, USER

_FAILED = {
    "checkout.session.async_payment_failed": "payment_failed",
    "checkout.session.expired": "expired",
}
EVENTS = tuple(_FAILED)


@dataclass(frozen=True, slots=True)
class Failed:
    """A top-up that came to nothing. `name` is the page's or the charge's: of each the user is told once."""

    user_id: str
    name: str
    cents: int
    reason: str
    is_automatic: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class CardGiven:
    """A card was given at a page."""

    user_id: str
    session: str
    setup_intent: str


def happened(event: Mapping[str, Any]) -> Failed | CardGiven | None:
    """What an event tells of; None where it is none of these, or none of ours.

    Raises:
        KeyError, TypeError, ValueError: the event lacks what its type promises.
    """
    about, kind = event["data"]["object"], str(event["type"])
    if not kind.startswith("checkout.session."):
        return None
    said = about.get("metadata") or {}
    if said.get(USER) is None:
        return None
    user_id, mode = str(said[USER]), about.get("mode")
    if mode == "payment" and kind in _FAILED:
        return Failed(user_id, str(about["id"]), int(about["amount_total"]), _FAILED[kind])
    if mode == "setup" and said.get(TOPUP) == AUTOMATIC and kind == "checkout.session.completed":
        return CardGiven(user_id, str(about["id"]), str(about["setup_intent"]))
    return None
