"""The daily comparison: each payment, refund and dispute that Stripe has of the last days is in the ledger, once.

Disputes are taken from Stripe's own balance: what left it, the fee, and what came back, whenever the dispute began.

An event that was never taken is found here, booked as it would have been, and told: somebody has to look why it did not
come. What is there with another amount is told too, and left alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aggregator.billing.entry import CASH
from aggregator.billing.money_in import Moved, Movement
from aggregator.payments.stripe_event import USER, Told
from aggregator.runtime.observability import count, logger


@dataclass(frozen=True, slots=True)
class Compared:
    """How many movements Stripe told of, and how many of them the ledger did not have, or not so."""

    told: int
    missed: int


def compare(
    told: Iterable[Told],
    paid_by: Callable[[str], Mapping[str, str]],
    book: Callable[[Movement], Moved],
) -> Compared:
    """Hold what Stripe tells against the ledger; what is missing is booked, and alarms as a finding of the ledger."""
    seen = missed = 0
    for each in told:
        user_id = each.user_id or paid_by(each.payment_id).get(USER)
        if user_id is None:
            continue
        seen += 1
        movement = each.movement(user_id)
        moved = book(movement)
        cash = sum(leg.amount_nano_usd for leg in moved.entry.postings if leg.account == CASH)
        if moved.is_new or -cash != movement.amount_nano_usd:
            missed += 1
            logger.error(
                "Payment not in the ledger" if moved.is_new else "Payment booked otherwise",
                entry_id=movement.id,
                user_id=user_id,
            )
    count("LedgerFindings", missed)
    logger.info("payments_compared", told=seen, missed=missed)
    return Compared(seen, missed)
