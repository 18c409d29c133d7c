"""Collaborators of top-ups: the only reader of this domain's environment."""

import json
import os
import time
from datetime import timedelta
from functools import cache
from typing import Any

from aggregator.alerts.model import TOPUP_FAILED, Alert
from aggregator.alerts.telling import tell_user
from aggregator.billing import wiring as billing
from aggregator.billing.money import to_usd
from aggregator.billing.money_in import Moved, Movement, book_movement
from aggregator.errors import InvalidRequest, PaymentsOff
from aggregator.openapi.packaged import server_of
from aggregator.openapi.wiring import stage_in_path
from aggregator.payments import agreeing
from aggregator.payments import compare as comparing
from aggregator.payments.api import Topup
from aggregator.payments.automatic import Agreed, Standing
from aggregator.payments.automatic_store import AutomaticStore
from aggregator.payments.cards import Cards
from aggregator.payments.gateway import SIGNATURE, Checkout, StripeGateway, require_signed
from aggregator.payments.happened import CardGiven, Failed, happened
from aggregator.payments.keys import StripeKeys, StripeSecret
from aggregator.payments.receive import receive
from aggregator.payments.stripe_event import NANO_USD_OF_A_CENT, Told, all_told_by
from aggregator.payments.topping_up import TopUp
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
        back=_statement(event, "/billing/topups"),
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
    told = (each for event in gateway.events_since(clock.now() - COMPARED) for each in all_told_by(event))
    return comparing.compare(told, gateway.metadata_of, _book)


def agree(user_id: str, agreed: Agreed, event: Event, *, new_card: bool) -> tuple[Standing, str | None]:
    """See `agreeing.agree`; the page says what is agreed to."""
    cards = _cards(_secret().keys())
    words = (
        f"Whenever less than {to_usd(agreed.threshold_nano_usd)} USD of your credit is left, this card is charged "
        f"{agreed.cents / 100:.2f} USD, at most {agreed.at_most_a_day} times a day. You can stop it at any time."
    )

    def page(customer: str | None) -> Checkout:
        back = _statement(event, "/billing/topups/automatic")
        return cards.page(user_id, words, customer, back=back, now=clock.now())

    return agreeing.agree(user_id, agreed, new_card=new_card, store=automatic(), page=page)


def stop(user_id: str) -> Standing:
    """See `agreeing.stop`."""
    return agreeing.stop(user_id, automatic(), lambda: _cards(_secret().keys()))


def top_up() -> TopUp:
    """See `topping_up.TopUp`."""
    return TopUp(
        store=automatic(),
        cards=lambda: _cards(_secret().keys()),
        account=billing.store().account,
        is_booked=lambda user_id, told: billing.store().entry(user_id, told.movement(user_id).id) is not None,
        book=_book_told,
        tell=_tell,
        clock=clock.now,
    )


@cache
def automatic() -> AutomaticStore:
    """How automatic top-ups stand."""
    return AutomaticStore(BotoClient("dynamodb"), os.environ["PAYMENTS_TABLE"])


def _receive(said: JsonObject, keys: StripeKeys) -> Moved | None:
    moved = receive(said, lambda payment: _gateway(keys).metadata_of(payment), _book)
    if moved is None:
        about = happened(said)
        if isinstance(about, Failed):
            _tell(about)
        elif isinstance(about, CardGiven):
            agreeing.keep(about.user_id, about.session, about.setup_intent, automatic(), _cards(keys))
    return moved


def _tell(failed: Failed) -> None:
    data = {
        "reason": failed.reason,
        "amountUsd": to_usd(failed.cents * NANO_USD_OF_A_CENT),
        "automatic": failed.is_automatic,
        "paused": failed.paused,
    }
    tell_user(Alert(failed.user_id, TOPUP_FAILED, f"topup {failed.name}", data))


def _statement(event: Event, own_path: str) -> str:
    return f"{server_of(event, own_path=own_path, stage_in_path=stage_in_path())}/console/#/statement"


def _book(movement: Movement) -> Moved:
    return book_movement(billing.store(), movement, now_epoch_seconds=int(time.time()), sleep=time.sleep)


def _book_told(user_id: str, told: Told) -> None:
    _book(told.movement(user_id))


@cache
def _gateway(keys: StripeKeys) -> StripeGateway:
    return StripeGateway(keys)


@cache
def _cards(keys: StripeKeys) -> Cards:
    return Cards(keys)


@cache
def _secret() -> StripeSecret:
    is_local = os.environ["ENVIRONMENT"] == "local"
    return StripeSecret(
        BotoClient("secretsmanager"), os.environ["STRIPE_SECRET"], time.monotonic, stand_in=is_local
    )
