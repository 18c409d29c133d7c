"""Bodies as Stripe's API takes them: forms whose names nest in brackets; what is unknown or missing is refused by name.

Sources: docs.stripe.com/api/errors, docs.stripe.com/api/checkout/sessions/create, docs.stripe.com/api/refunds/create
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

JsonObject = dict[str, Any]

_SETUP = re.compile(
    r"mode|success_url|cancel_url|expires_at|customer|customer_creation|payment_method_types\[\d+\]|"
    r"metadata\[[^\[\]]{1,40}\]|setup_intent_data\[metadata\]\[[^\[\]]{1,40}\]|"
    r"consent_collection\[payment_method_reuse_agreement\]\[position\]|custom_text\[submit\]\[message\]"
)
_SESSION = re.compile(
    r"mode|success_url|cancel_url|expires_at|client_reference_id|customer_email|metadata\[[^\[\]]{1,40}\]|"
    r"payment_intent_data\[(description|metadata\]\[[^\[\]]{1,40})\]|"
    r"line_items\[\d+\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[name))\]"
)
_REFUND = re.compile(r"payment_intent|amount|reason|metadata\[[^\[\]]{1,40}\]")


class StripeRefusal(Exception):
    """A request that Stripe refuses: its status and its error."""

    def __init__(self, status: int, message: str, **error: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": "invalid_request_error", "message": message, **error}


def read(body: bytes) -> dict[str, str]:
    """A form, name by name."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def session_of(form: Mapping[str, str]) -> JsonObject:
    """What a new checkout session is to be.

    Raises:
        StripeRefusal: a parameter is unknown, missing, or not what it must be.
    """
    mode = required(form, "mode")
    if mode == "setup":
        return _setup_of(form)
    known(form, _SESSION)
    if mode != "payment":
        raise StripeRefusal(400, f"This stand-in has no sessions of mode {mode}.", param="mode")
    url = _url(form)
    required(form, "line_items[0][price_data][product_data][name]")
    if required(form, "line_items[0][price_data][currency]") != "usd":
        raise StripeRefusal(400, "This stand-in takes US dollars alone.", param="currency")
    cents = whole(form, "line_items[0][price_data][unit_amount]") * whole(form, "line_items[0][quantity]")
    if cents < 50:
        raise StripeRefusal(
            400,
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            code="amount_too_small",
        )
    return {
        "mode": mode,
        "customer": None,
        "amount_total": cents,
        "success_url": url,
        "cancel_url": form.get("cancel_url"),
        "metadata": metadata(form, "metadata"),
        "of_payment": metadata(form, "payment_intent_data[metadata]"),
        "expires_at": whole(form, "expires_at") if "expires_at" in form else None,
    }


def _setup_of(form: Mapping[str, str]) -> JsonObject:
    """A session at which a card is given, and nothing paid."""
    known(form, _SETUP)
    if required(form, "payment_method_types[0]") != "card":
        raise StripeRefusal(400, "This stand-in keeps cards alone.", param="payment_method_types")
    if "customer" in form and "customer_creation" in form:
        raise StripeRefusal(400, "You may only specify one of these parameters: customer, customer_creation.")
    if len(form.get("custom_text[submit][message]", "")) > 1200:
        raise StripeRefusal(400, "Invalid string: must be at most 1200 characters", param="custom_text")
    return {
        "mode": "setup",
        "customer": form.get("customer"),
        "amount_total": None,
        "success_url": _url(form),
        "cancel_url": form.get("cancel_url"),
        "metadata": metadata(form, "metadata"),
        "words": form.get("custom_text[submit][message]", ""),
        "expires_at": whole(form, "expires_at") if "expires_at" in form else None,
    }


def _url(form: Mapping[str, str]) -> str:
    url = required(form, "success_url")
    if not url.startswith(("http://", "https://")):
        raise StripeRefusal(400, "Not a valid URL", code="url_invalid", param="success_url")
    return url


def refund_of(form: Mapping[str, str]) -> tuple[str, int | None]:
    """Which payment to give back, and how much of it; all if that is None."""
    known(form, _REFUND)
    return required(form, "payment_intent"), whole(form, "amount") if "amount" in form else None


def known(form: Mapping[str, str], names: re.Pattern[str]) -> None:
    """Refuse what Stripe does not know by name."""
    for name in form:
        if not names.fullmatch(name):
            top = name.partition("[")[0]
            raise StripeRefusal(
                400, f"Received unknown parameter: {name}", code="parameter_unknown", param=top
            )


def required(form: Mapping[str, str], name: str) -> str:
    """A parameter that has to be there."""
    if not form.get(name):
        raise StripeRefusal(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    return form[name]


def whole(form: Mapping[str, str], name: str) -> int:
    """A whole number."""
    text = required(form, name)
    if not text.isdecimal():
        raise StripeRefusal(400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    return int(text)


def metadata(form: Mapping[str, str], prefix: str) -> dict[str, str]:
    """What is said in brackets behind a prefix."""
    return {
        name[len(prefix) + 1 : -1]: value for name, value in form.items() if name.startswith(f"{prefix}[")
    }
