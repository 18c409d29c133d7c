"""Cards that Stripe keeps, and charges to them while nobody is there: made once for each name, or surely not made.

| Stripe says | here |
|---|---|
| 200 `succeeded` | `Charged` |
| 200 `processing` | `NotKnown`: asked again |
| 200 `requires_action`; 402 `authentication_required` | `Declined`: nobody is there to show that it is them |
| 402, all else; 400: card or customer are gone | `Declined` |
| 409, 429, 5xx, no answer, a key of ours that is wrong | `NotKnown`: it may have been made, or not |

Sources: docs.stripe.com/payments/save-and-reuse, docs.stripe.com/api/payment_intents/create,
docs.stripe.com/declines/codes, docs.stripe.com/api/idempotent_requests
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from aggregator.payments.automatic import AUTHENTICATION_REQUIRED, CARD_DECLINED, Attempt, Card
from aggregator.payments.gateway import SESSION_SECONDS, Checkout, checkout_of, client_of, unavailable
from aggregator.payments.keys import StripeKeys
from aggregator.payments.stripe_event import AUTOMATIC, TOPUP, USER
from aggregator.runtime.observability import logger

_NAME = "aggregator_attempt"
_SHOWN_REASONS = frozenset({AUTHENTICATION_REQUIRED, "insufficient_funds", "expired_card"})
"""What a user is told of a declined card; of all else (stolen, suspected of fraud) banks want nothing to be said."""


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge that was made: the payment and the second in which it began."""

    payment: str
    created: int


class Declined(Exception):
    """The charge was surely not made, and will not be; `reason` may be shown to the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotKnown(Exception):
    """Whether the charge was made is not known now."""


class Cards:
    """Cards of one account at Stripe."""

    def __init__(self, keys: StripeKeys) -> None:
        self._v1 = client_of(keys).v1

    def page(self, user_id: str, words: str, customer: str | None, *, back: str, now: datetime) -> Checkout:
        """A page at which a card is given, under what was agreed to, in `words`; the browser comes `back`.

        Raises:
            StoreUnavailable: Stripe did not answer.
        """
        whose = {USER: user_id, TOPUP: AUTOMATIC}
        asked: Any = {
            "mode": "setup",
            "payment_method_types": ["card"],
            "metadata": whose,
            "setup_intent_data": {"metadata": whose},
            "consent_collection": {"payment_method_reuse_agreement": {"position": "auto"}},
            "custom_text": {"submit": {"message": words}},
            "success_url": back,
            "cancel_url": back,
            "expires_at": int(now.timestamp()) + SESSION_SECONDS,
            **({"customer": customer} if customer else {"customer_creation": "always"}),
        }
        try:
            return checkout_of(self._v1.checkout.sessions.create(asked))
        except stripe.StripeError as failed:
            unavailable(failed)

    def kept(self, setup_intent: str) -> Card:
        """The card that was given.

        Raises:
            StoreUnavailable: Stripe did not say.
        """
        try:
            said = self._v1.setup_intents.retrieve(setup_intent, {"expand": ["payment_method"]}).to_dict()
        except stripe.StripeError as failed:
            unavailable(failed)
        method = said["payment_method"]
        card = method["card"]
        return Card(said["customer"], method["id"], f"{str(card['brand']).capitalize()} {card['last4']}")

    def forget(self, card: Card) -> None:
        """Have Stripe keep a card no more. One that cannot be let go of now is never charged either: we forget it."""
        try:
            self._v1.payment_methods.detach(card.payment_method)
        except stripe.StripeError as failed:
            logger.warning("card_not_detached", kind=type(failed).__name__, code=failed.code)

    def charge(self, attempt: Attempt) -> Charged:
        """Charge a card under the attempt's name: once, however often it is asked for within a day.

        Raises:
            Declined, NotKnown: as the table says.
        """
        asked: Any = {
            "amount": attempt.cents,
            "currency": "usd",
            "customer": attempt.card.customer,
            "payment_method": attempt.card.payment_method,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "description": f"Credit for {attempt.user_id}",
            "metadata": {USER: attempt.user_id, TOPUP: AUTOMATIC, _NAME: attempt.name},
        }
        try:
            made = self._v1.payment_intents.create(asked, {"idempotency_key": attempt.name})
        except (stripe.CardError, stripe.InvalidRequestError) as refused:
            error = (
                (refused.json_body or {}).get("error") or {} if isinstance(refused.json_body, dict) else {}
            )
            raise Declined(_reason(error)) from refused
        except stripe.StripeError as failed:
            logger.error("charge_not_known", kind=type(failed).__name__, code=failed.code)
            raise NotKnown from failed
        return self._read(made.to_dict())

    def found(self, attempt: Attempt) -> Charged | None:
        """The charge, if Stripe has one of this name; None if it has none.

        Raises:
            Declined, NotKnown: as the table says.
        """
        since = int(attempt.begun_at.timestamp()) - 60
        try:
            for each in self._v1.payment_intents.list(
                {"customer": attempt.card.customer, "created": {"gte": since}, "limit": 100}
            ).auto_paging_iter():
                said = each.to_dict()
                if (said.get("metadata") or {}).get(_NAME) == attempt.name:
                    return self._read(said)
        except stripe.StripeError as failed:
            logger.error("charge_not_known", kind=type(failed).__name__, code=failed.code)
            raise NotKnown from failed
        return None

    def _read(self, said: Mapping[str, Any]) -> Charged:
        status = said["status"]
        if status == "succeeded":
            return Charged(str(said["id"]), int(said["created"]))
        if status == "processing":
            raise NotKnown
        if status != "canceled":
            self._cancel(str(said["id"]))  # nobody may finish later what is given up here
        if status == "requires_action":
            raise Declined(AUTHENTICATION_REQUIRED)
        raise Declined(_reason(said.get("last_payment_error") or {}))

    def _cancel(self, payment: str) -> None:
        try:
            self._v1.payment_intents.cancel(payment)
        except stripe.StripeError as failed:
            logger.error("charge_not_known", kind=type(failed).__name__, code=failed.code)
            raise NotKnown from failed


def _reason(error: Mapping[str, Any]) -> str:
    said = {str(error.get("code")), str(error.get("decline_code"))} & _SHOWN_REASONS
    return min(said) if said else CARD_DECLINED
