"""Stripe's cards, as far as the platform uses them: kept at a page, charged while nobody is there, forgotten.

As strict as Stripe: a customer's card is charged by that customer alone, `off_session` needs `confirm`, a decline is a
402 that leaves a payment behind, and a card that wants its owner is `authentication_required` when the owner is away.
Sources: docs.stripe.com/api/payment_intents/create, docs.stripe.com/payments/save-and-reuse, docs.stripe.com/testing,
docs.stripe.com/api/errors, docs.stripe.com/declines/codes
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.payments.forms import StripeRefusal, known, metadata, required, whole

JsonObject = dict[str, Any]

CARDS = {
    "4242": None,
    "0341": ("card_declined", "generic_decline"),
    "9995": ("card_declined", "insufficient_funds"),
    "3184": ("authentication_required", "authentication_required"),
}
"""The last digits of Stripe's test cards, and what comes of charging them while their owner is away."""

_MESSAGES = {
    "card_declined": "Your card was declined.",
    "authentication_required": "This transaction requires authentication.",
}
_INTENT = re.compile(
    r"amount|currency|customer|payment_method|payment_method_types\[\d+\]|off_session|confirm|description|"
    r"metadata\[[^\[\]]{1,40}\]"
)
_LEAST_CENTS = 50


@dataclass
class CardsStandIn:
    """The cards and charges of one account; `payments` are shared with the sessions'."""

    payments: dict[str, JsonObject]
    new_id: Callable[[str], str]
    now: Callable[[], float]
    tell: Callable[[str, JsonObject], None]
    methods: dict[str, JsonObject] = field(default_factory=dict)
    intents: dict[str, JsonObject] = field(default_factory=dict)

    def give(self, customer: str | None, last4: str) -> JsonObject:
        """A card is given at a page: the setup intent of it."""
        customer = customer or self.new_id("cus")
        name = self.new_id("pm")
        self.methods[name] = {
            "id": name,
            "object": "payment_method",
            "type": "card",
            "customer": customer,
            "card": {"brand": "visa", "last4": last4},
        }
        intent: JsonObject = {
            "id": self.new_id("seti"),
            "object": "setup_intent",
            "customer": customer,
            "payment_method": name,
            "status": "succeeded",
            "usage": "off_session",
        }
        self.intents[intent["id"]] = intent
        return intent

    def call(self, method: str, path: str, form: dict[str, str]) -> JsonObject | None:
        """Answer what is about cards; None for all else.

        Raises:
            StripeRefusal: as Stripe refuses it.
        """
        found = re.fullmatch(r"/v1/(\w+)(?:/(\w+))?(?:/(\w+))?", path)
        kind, name, verb = found.groups() if found else (None, None, None)
        match (method, kind, verb):
            case ("POST", "payment_intents", None) if name is None:
                return self._charge(form)
            case ("POST", "payment_intents", "cancel"):
                return self._cancel(str(name))
            case ("GET", "payment_intents", None) if name is None:
                return self._list(form)
            case ("GET", "setup_intents", None) if name is not None:
                intent = _found(self.intents, name, "setup_intent")
                if form.get("expand[0]") == "payment_method":
                    return intent | {"payment_method": self.methods[intent["payment_method"]]}
                return intent
            case ("POST", "payment_methods", "detach"):
                return self._detach(str(name))
        return None

    def _list(self, query: Mapping[str, str]) -> JsonObject:
        """Newest first, all in one page."""
        since, customer = int(query.get("created[gte]", "0")), query.get("customer")
        wanted = [
            _shown(each)
            for each in self.payments.values()
            if each["created"] >= since and customer in {None, each.get("customer")}
        ]
        return {"object": "list", "url": "/v1/payment_intents", "has_more": False, "data": wanted[::-1]}

    def _detach(self, name: str) -> JsonObject:
        method = _found(self.methods, name, "payment_method")
        if method["customer"] is None:
            raise StripeRefusal(
                400,
                "The payment method you provided is not attached to a customer so detachment is impossible.",
            )
        method["customer"] = None
        return method

    def _cancel(self, name: str) -> JsonObject:
        payment = _found(self.payments, name, "payment_intent")
        if payment["status"] in {"succeeded", "canceled"}:
            raise StripeRefusal(
                400,
                f"You cannot cancel this PaymentIntent because it has a status of {payment['status']}.",
                code="payment_intent_unexpected_state",
            )
        payment["status"] = "canceled"
        return _shown(payment)

    def _charge(self, form: Mapping[str, str]) -> JsonObject:
        known(form, _INTENT)
        cents = whole(form, "amount")
        if required(form, "currency") != "usd":
            raise StripeRefusal(400, "This stand-in takes US dollars alone.", param="currency")
        if cents < _LEAST_CENTS:
            raise StripeRefusal(
                400, "Amount must be at least $0.50 usd", code="amount_too_small", param="amount"
            )
        if form.get("confirm") != "true" or form.get("off_session") != "true":
            raise StripeRefusal(
                400, "This stand-in charges off-session alone, and that needs confirm=true.", param="confirm"
            )
        customer, name = required(form, "customer"), required(form, "payment_method")
        method = self.methods.get(name)
        if method is None or method["customer"] != customer:
            raise StripeRefusal(
                400,
                f"The customer does not have a payment method with the ID {name}.",
                code="resource_missing",
                param="payment_method",
            )
        payment: JsonObject = {
            "id": self.new_id("pi"),
            "object": "payment_intent",
            "amount": cents,
            "amount_received": cents,
            "currency": "usd",
            "created": int(self.now()),
            "customer": customer,
            "payment_method": name,
            "metadata": metadata(form, "metadata"),
            "status": "succeeded",
            "last_payment_error": None,
            "refunded": 0,
        }
        self.payments[payment["id"]] = payment
        self._require_paid(payment, CARDS[method["card"]["last4"]])
        self.tell("payment_intent.succeeded", _shown(payment))
        return _shown(payment)

    def _require_paid(self, payment: JsonObject, refusal: tuple[str, str] | None) -> None:
        if refusal is None:
            return
        code, decline_code = refusal
        error = {"type": "card_error", "code": code, "decline_code": decline_code, "message": _MESSAGES[code]}
        payment |= {
            "status": "requires_payment_method",
            "amount_received": 0,
            "payment_method": None,
            "last_payment_error": error,
        }
        self.tell("payment_intent.payment_failed", _shown(payment))
        raise StripeRefusal(
            402,
            error["message"],
            type="card_error",
            code=code,
            decline_code=decline_code,
            payment_intent=_shown(payment),
        )


def _shown(payment: JsonObject) -> JsonObject:
    return {name: value for name, value in payment.items() if name != "refunded"}


def _found(among: dict[str, JsonObject], name: str, kind: str) -> JsonObject:
    if name not in among:
        raise StripeRefusal(404, f"No such {kind}: '{name}'", code="resource_missing", param=kind)
    return among[name]
