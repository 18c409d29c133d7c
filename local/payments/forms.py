"""Bodies as Stripe's API takes them: forms whose names nest in brackets; what is unknown or missing is refused by name.

Sources: docs.stripe.com/api/errors, docs.stripe.com/api/checkout/sessions/create, docs.stripe.com/api/refunds/create
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

JsonObject = dict[str, Any]

_SESSION = re.compile(
    r"mode|success_url|cancel_url|expires_at|client_reference_id|customer_email|metadata\[[^\[\]]{1,40}\]|"
    r"payment_intent_data\[(description|metadata\]\[[^\[\]]{1,40})\]|"
    r"line_items\[\d+\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[name))\]"
)
_REFUND = re.compile(r"payment_intent|amount|reason|metadata\[[^\[\]]{1,40}\]")


class StripeRefusal(Exception):
    """A request that Stripe refuses: its status and its error."""

    def __init__(self, status: int, message: str, **error: str) -> None:
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
    _known(form, _SESSION)
    mode = _required(form, "mode")
    if mode != "payment":
        raise StripeRefusal(400, f"This stand-in has no sessions of mode {mode}.", param="mode")
    url = _required(form, "success_url")
    if not url.startswith(("http://", "https://")):
        raise StripeRefusal(400, "Not a valid URL", code="url_invalid", param="success_url")
    _required(form, "line_items[0][price_data][product_data][name]")
    if _required(form, "line_items[0][price_data][currency]") != "usd":
        raise StripeRefusal(400, "This stand-in takes US dollars alone.", param="currency")
    cents = _whole(form, "line_items[0][price_data][unit_amount]") * _whole(form, "line_items[0][quantity]")
    if cents < 50:
        raise StripeRefusal(
            400,
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            code="amount_too_small",
        )
    return {
        "amount_total": cents,
        "success_url": url,
        "cancel_url": form.get("cancel_url"),
        "metadata": _metadata(form, "metadata"),
        "of_payment": _metadata(form, "payment_intent_data[metadata]"),
        "expires_at": _whole(form, "expires_at") if "expires_at" in form else None,
    }


def refund_of(form: Mapping[str, str]) -> tuple[str, int | None]:
    """Which payment to give back, and how much of it; all if that is None."""
    _known(form, _REFUND)
    return _required(form, "payment_intent"), _whole(form, "amount") if "amount" in form else None


def _known(form: Mapping[str, str], names: re.Pattern[str]) -> None:
    for name in form:
        if not names.fullmatch(name):
            top = name.partition("[")[0]
            raise StripeRefusal(
                400, f"Received unknown parameter: {name}", code="parameter_unknown", param=top
            )


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise StripeRefusal(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    return form[name]


def _whole(form: Mapping[str, str], name: str) -> int:
    text = _required(form, name)
    if not text.isdecimal():
        raise StripeRefusal(400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    return int(text)


def _metadata(form: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        name[len(prefix) + 1 : -1]: value for name, value in form.items() if name.startswith(f"{prefix}[")
    }
