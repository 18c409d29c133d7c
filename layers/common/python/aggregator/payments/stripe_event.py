"""What an event of Stripe's means for a user's money. Pure: no call is made here, and no library of theirs is needed.

| event | money |
|---|---|
| checkout.session.completed, if it is paid | comes in |
| checkout.session.async_payment_succeeded | comes in: a bank transfer arrived, days after the session was completed |
| payment_intent.succeeded, if it was charged automatically | comes in: no session tells of it |
| refund.created | goes out |
| refund.failed | comes back in |
| charge.dispute.funds_withdrawn | goes out |
| charge.dispute.funds_reinstated | comes back in |

A dispute tells of its balance transactions too: what was really moved, and the fee, which is the platform's own cost.
A payment is told by one of the first three, so it is the movement's name; a refund and a dispute are their own.
Sources: docs.stripe.com/checkout/fulfillment, docs.stripe.com/api/events/types
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from aggregator.billing.money_in import Movement
from aggregator.runtime.clock import iso

USER = "aggregator_user_id"
"""The field of a payment's metadata that says whose it is: all others are none of ours."""

TOPUP = "aggregator_topup"
AUTOMATIC = "automatic"
"""What `TOPUP` says of a payment that nobody was there for, and of the page at which its card was given."""

NANO_USD_OF_A_CENT = 10_000_000


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an event says: in or out, under which name, in which words."""

    sign: int
    suffix: str
    words: str


_SESSIONS = frozenset({"checkout.session.completed", "checkout.session.async_payment_succeeded"})
_LATER = {
    "refund.created": _Kind(-1, "", "Refund of a top-up"),
    "refund.failed": _Kind(1, "-failed", "A refund failed and came back"),
    "charge.dispute.funds_withdrawn": _Kind(-1, "-withdrawn", "A top-up was disputed"),
    "charge.dispute.funds_reinstated": _Kind(1, "-reinstated", "A dispute was won"),
}
_CHARGED = "payment_intent.succeeded"
EVENTS = (*sorted(_SESSIONS), _CHARGED, *_LATER)


@dataclass(frozen=True, slots=True)
class Told:
    """A movement that an event tells of. Whose it is, the event says itself (`user_id`), or the payment's metadata do.

    `name` is the movement's, the same in all events that tell of it.
    """

    name: str
    payment_id: str
    cents: int
    created: int
    told_at: int
    words: str
    user_id: str | None = None
    is_platforms: bool = False

    def movement(self, user_id: str) -> Movement:
        """As the ledger takes it. Entries' ids begin with their time in milliseconds: here that of the thing itself."""
        return Movement(
            id=f"{self.created * 1000:012x}-stripe-{self.name}",
            user_id=user_id,
            amount_nano_usd=self.cents * NANO_USD_OF_A_CENT,
            occurred_at=iso(datetime.fromtimestamp(self.told_at, UTC)),
            description=f"{self.words} ({self.name})",
            is_platforms=self.is_platforms,
        )


def told_by(event: Mapping[str, Any]) -> Told | None:
    """What an event tells of; None where it is surely not about money that we asked for.

    Raises:
        KeyError, TypeError, ValueError: the event lacks what its type promises.
    """
    about, kind = event["data"]["object"], str(event["type"])
    if kind in _SESSIONS:
        user_id = (about.get("metadata") or {}).get(USER)
        if user_id is None or about["payment_status"] != "paid" or about["currency"] != "usd":
            return None
        payment = str(about["payment_intent"])
        return _told(event, payment, payment, int(about["amount_total"]), "Top-up", user_id=str(user_id))
    if kind == _CHARGED:
        said = about.get("metadata") or {}
        if said.get(TOPUP) != AUTOMATIC or said.get(USER) is None or about["currency"] != "usd":
            return None
        told = automatic(
            str(about["id"]), int(about["created"]), int(about["amount_received"]), str(said[USER])
        )
        return replace(told, told_at=int(event["created"]))
    later = _LATER.get(kind)
    if later is None or about.get("payment_intent") is None or about["currency"] != "usd":
        return None
    name, moved = f"{about['id']}{later.suffix}", _transaction(about, later.sign)
    cents = int(about["amount"]) if moved is None else abs(int(moved["amount"]))
    return _told(event, name, str(about["payment_intent"]), later.sign * cents, later.words)


def all_told_by(event: Mapping[str, Any]) -> list[Told]:
    """What an event tells of, and the fee of a dispute beside it.

    Raises:
        KeyError, TypeError, ValueError: the event lacks what its type promises.
    """
    told = told_by(event)
    fee = None if told is None else _fee(event, told)
    return [each for each in (told, fee) if each is not None]


def _fee(event: Mapping[str, Any], told: Told) -> Told | None:
    later = _LATER.get(str(event["type"]))
    moved = None if later is None else _transaction(event["data"]["object"], later.sign)
    if moved is None or not int(moved["fee"]):
        return None
    words = "Fee of a dispute" if moved["fee"] > 0 else "Fee of a dispute came back"
    return replace(told, name=f"{told.name}-fee", cents=-int(moved["fee"]), words=words, is_platforms=True)


def _transaction(dispute: Mapping[str, Any], sign: int) -> Mapping[str, Any] | None:
    """The balance transaction that took a dispute's money (`sign` below zero), or brought it back, in US dollars.

    Source: docs.stripe.com/api/disputes/object, `balance_transactions`: none, one or two.
    """
    return next(
        (
            each
            for each in dispute.get("balance_transactions") or []
            if each["currency"] == "usd" and int(each["amount"]) * sign > 0
        ),
        None,
    )


def automatic(payment: str, created: int, cents: int, user_id: str) -> Told:
    """The movement of a charge that was made automatically, as its event tells of it."""
    return Told(payment, payment, cents, created, created, "Automatic top-up", user_id)


def _told(
    event: Mapping[str, Any], name: str, payment: str, cents: int, words: str, *, user_id: str | None = None
) -> Told:
    created = int(event["data"]["object"]["created"])
    return Told(name, payment, cents, created, int(event["created"]), words, user_id)
