"""Collaborators of top-ups: the only reader of this domain's environment."""

import json
import os
import time
from datetime import timedelta
from functools import cache
from typing import Any

from aggregator.billing import wiring as billing
from aggregator.billing.money_in import Moved, Movement, book_movement
from aggregator.errors import InvalidRequest, PaymentsOff
from aggregator.openapi.packaged import server_of
from aggregator.openapi.wiring import stage_in_path
from aggregator.payments import compare as comparing
from aggregator.payments.api import Topup
from aggregator.payments.gateway import SIGNATURE, StripeGateway, require_signed
from aggregator.payments.keys import StripeKeys, StripeSecret
from aggregator.payments.receive import receive
from aggregator.payments.stripe_event import told_by
from aggregator.runtime import clock
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.request import Event, header_of, request_id_of

JsonObject = dict[str, Any]

COMPARED = timedelta(days=2)


def start_topup(user_id: str, cents: int, event: Event) -> Topup:
    """A page to pay at; the browser comes back to the statement. A repeated Idempotency-Key gets the page it made."""
    said = header_of(event, "Idempotency-Key")
    checkout = _gateway(_secret().keys()).checkout(
        user_id,
        cents,
        back=f"{server_of(event, own_path='/billing/topups', stage_in_path=stage_in_path())}/console/#/statement",
        now=clock.now(),
        idempotency_key=f"{user_id}:{said}" if said else request_id_of(event),
    )
    return Topup.of(checkout, user_id, cents)


def take_signed(event: Event) -> Moved | None:
    """What Stripe posted: looked at no further before its signature fits."""
    keys, payload = _secret().keys(), str(event.get("body") or "")
    require_signed(payload, header_of(event, SIGNATURE), keys.webhook_secrets)
    try:
        said = json.loads(payload)
    except ValueError:
        raise InvalidRequest("The body is not valid JSON.") from None
    return _receive(said, keys)


def take_from_bus(said: JsonObject) -> Moved | None:
    """What came by Stripe's own event bus: AWS vouches for its sender."""
    return _receive(said, _secret().keys())


def compare() -> comparing.Compared:
    """See `compare.compare`; of the last two days, so that a run that failed is made up for by the next."""
    try:
        gateway = _gateway(_secret().keys())
    except PaymentsOff:
        return comparing.Compared(0, 0)
    told = (told_by(event) for event in gateway.events_since(clock.now() - COMPARED))
    return comparing.compare((each for each in told if each is not None), gateway.metadata_of, _book)


def _receive(said: JsonObject, keys: StripeKeys) -> Moved | None:
    return receive(said, lambda payment: _gateway(keys).metadata_of(payment), _book)


def _book(movement: Movement) -> Moved:
    return book_movement(billing.store(), movement, now_epoch_seconds=int(time.time()), sleep=time.sleep)


@cache
def _gateway(keys: StripeKeys) -> StripeGateway:
    return StripeGateway(keys)


@cache
def _secret() -> StripeSecret:
    is_local = os.environ["ENVIRONMENT"] == "local"
    return StripeSecret(
        BotoClient("secretsmanager"), os.environ["STRIPE_SECRET"], time.monotonic, stand_in=is_local
    )
