"""An event of Stripe's, by whichever way it came: booked once, and told where it left the platform with a loss."""

from collections.abc import Callable, Mapping
from typing import Any

from aggregator.billing.money_in import Moved, Movement
from aggregator.errors import InvalidRequest
from aggregator.payments.stripe_event import USER, all_told_by
from aggregator.runtime.observability import count, logger

Book = Callable[[Movement], Moved]
PaidBy = Callable[[str], Mapping[str, str]]
"""The metadata of a payment, by its id."""


def receive(event: Mapping[str, Any], paid_by: PaidBy, book: Book) -> Moved | None:
    """Book what an event tells of; None where it is about nothing of ours.

    Raises:
        InvalidRequest: it is no event.
        StoreUnavailable: it could not be booked, or Stripe not be asked, now; Stripe sends it again, for three days.
    """
    try:
        told = all_told_by(event)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidRequest("The body is no event of Stripe's that can be read.") from None
    if not told:
        return None
    user_id = told[0].user_id or paid_by(told[0].payment_id).get(USER)
    if user_id is None:
        return None
    moved, *fees = [book(each.movement(user_id)) for each in told]
    for each in (moved, *fees):
        if each.is_new:
            entry = each.entry
            logger.info("money_moved", entry_id=entry.id, user_id=entry.user_id, event_id=event.get("id"))
    if moved.is_new and moved.short_nano_usd:
        count("PlatformLossNanoUsd", moved.short_nano_usd)
        logger.error(
            "Money went out that was spent already", entry_id=moved.entry.id, user_id=moved.entry.user_id
        )
    return moved
