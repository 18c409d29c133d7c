"""Stripe through its own library: a page to pay at, whose a payment is, and whether an event is truly theirs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

import stripe

from aggregator.errors import InvalidRequest, JsonObject, StoreUnavailable
from aggregator.payments.keys import StripeKeys
from aggregator.payments.stripe_event import USER
from aggregator.runtime.observability import logger

SIGNATURE = "Stripe-Signature"
TOLERANCE_SECONDS = 300
"""How old a signed event may be, so that one that was overheard is worth nothing later. Stripe signs each try anew."""

_CALL_SECONDS = 10
_PAGE = 100
SESSION_SECONDS = 3600
_CATEGORIES = {
    "dispute": "charge.dispute.funds_withdrawn",
    "dispute_reversal": "charge.dispute.funds_reinstated",
    "refund_failure": "refund.failed",
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page to pay at, and until when."""

    id: str
    url: str
    expires_at: datetime


def client_of(keys: StripeKeys) -> stripe.StripeClient:
    """Stripe's own client, which asks again by itself what did not arrive, under one idempotency key."""
    return stripe.StripeClient(
        keys.api_key,
        base_addresses={"api": keys.api_base} if keys.api_base else {},
        http_client=stripe.RequestsClient(timeout=_CALL_SECONDS),
        max_network_retries=2,
    )


class StripeGateway:
    """One account at Stripe."""

    def __init__(self, keys: StripeKeys) -> None:
        self._client = client_of(keys)

    def checkout(
        self, user_id: str, cents: int, *, back: str, now: datetime, idempotency_key: str
    ) -> Checkout:
        """A page at which so many cents can be paid for a user; afterwards the browser comes `back`.

        Raises:
            StoreUnavailable: Stripe did not answer, or has too much to do; no page was made that anybody knows.
            InvalidRequest: it was made before, with another amount.
        """
        whose = {USER: user_id}
        try:
            session = self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": "usd",
                                "unit_amount": cents,
                                "product_data": {"name": f"Credit for {user_id}"},
                            },
                        }
                    ],
                    "metadata": whose,
                    "payment_intent_data": {"metadata": whose},
                    "success_url": back,
                    "cancel_url": back,
                    "expires_at": int(now.timestamp()) + SESSION_SECONDS,
                },
                {"idempotency_key": idempotency_key},
            )
        except stripe.IdempotencyError as reused:
            raise InvalidRequest(
                "Idempotency-Key: was used with another body", param="Idempotency-Key"
            ) from reused
        except stripe.StripeError as failed:
            unavailable(failed)
        return checkout_of(session)

    def metadata_of(self, payment_id: str) -> Mapping[str, str]:
        """What a payment was said to be for.

        Raises:
            StoreUnavailable: Stripe did not say.
        """
        try:
            said = self._client.v1.payment_intents.retrieve(payment_id).to_dict()
        except stripe.StripeError as failed:
            unavailable(failed)
        return {name: str(value) for name, value in (said.get("metadata") or {}).items()}

    def events_since(self, since: datetime) -> Iterator[JsonObject]:
        """What is there since a moment, as the events that ought to have told of it.

        Raises:
            StoreUnavailable: Stripe did not say.
        """
        first = int(since.timestamp())
        v1 = self._client.v1
        try:
            for session in v1.checkout.sessions.list(
                {"created": {"gte": first}, "status": "complete", "limit": _PAGE}
            ).auto_paging_iter():
                yield _as_event("checkout.session.completed", session)
            for payment in v1.payment_intents.list(
                {"created": {"gte": first}, "limit": _PAGE}
            ).auto_paging_iter():
                if payment.status == "succeeded":
                    yield _as_event("payment_intent.succeeded", payment)
            for refund in v1.refunds.list({"created": {"gte": first}, "limit": _PAGE}).auto_paging_iter():
                if refund.status in {"succeeded", "pending"}:
                    yield _as_event("refund.created", refund)
            for kind in ("adjustment", "refund_failure"):
                for moved in v1.balance_transactions.list(
                    {"created": {"gte": first}, "type": kind, "limit": _PAGE, "expand": ["data.source"]}
                ).auto_paging_iter():
                    yield from _behind(moved.to_dict())
        except stripe.StripeError as failed:
            unavailable(failed)


def _as_event(kind: str, about: stripe.StripeObject) -> JsonObject:
    return _event(kind, about.to_dict())


def _event(kind: str, said: JsonObject) -> JsonObject:
    return {"type": kind, "created": said["created"], "data": {"object": said}}


def _behind(moved: JsonObject) -> Iterator[JsonObject]:
    """The event behind a balance transaction: a dispute took money or brought it back, or a refund failed.

    A dispute tells of this one alone, and is told as long after it began as it takes.
    Source: docs.stripe.com/reports/balance-transaction-types, docs.stripe.com/reports/reporting-categories
    """
    kind = _CATEGORIES.get(moved["reporting_category"])
    source = moved.get("source")
    if kind is None or not isinstance(source, dict):
        return
    about = source | {"balance_transactions": [moved | {"source": source["id"]}]}
    yield _event(kind, about) | {"created": moved["created"]}


def require_signed(payload: str, signature: str | None, secrets: Sequence[str]) -> None:
    """Let pass what Stripe signed within the last five minutes with one of the secrets.

    Raises:
        InvalidRequest: it did not.
    """
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(payload, signature or "", secret, TOLERANCE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        return
    raise InvalidRequest(f"{SIGNATURE}: is not Stripe's, or too old", param=SIGNATURE)


def checkout_of(session: stripe.checkout.Session) -> Checkout:
    """A page that Stripe made.

    Raises:
        StoreUnavailable: it has no address.
    """
    if session.url is None:
        raise StoreUnavailable("The payment page is not there; try again in a moment.", retry_after_seconds=1)
    return Checkout(session.id, session.url, datetime.fromtimestamp(session.expires_at, UTC))


def unavailable(failed: stripe.StripeError) -> NoReturn:
    """What Stripe says is for operators: it may name the account."""
    logger.error("stripe_failed", kind=type(failed).__name__, code=failed.code, status=failed.http_status)
    raise StoreUnavailable(
        "Stripe does not take this now; try again in a moment.", retry_after_seconds=5
    ) from failed
