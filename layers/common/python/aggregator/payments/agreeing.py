"""Agree to automatic top-ups, give a card for them, and stop them: what a user does about them."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from aggregator.errors import PaymentsOff, StoreUnavailable
from aggregator.payments.automatic import OFF, Agreed, Card, Standing
from aggregator.payments.automatic_store import AutomaticStore, Changed
from aggregator.payments.gateway import Checkout

_TRIES = 5

Page = Callable[[str | None], Checkout]
"""Makes a page to give a card at, of a customer of Stripe's if there is one."""


class Cards(Protocol):
    """What is needed of Stripe's cards."""

    def kept(self, setup_intent: str) -> Card:
        """See `Cards.kept`."""
        ...

    def forget(self, card: Card) -> None:
        """See `Cards.forget`."""
        ...


def agree(
    user_id: str, agreed: Agreed, *, new_card: bool, store: AutomaticStore, page: Page
) -> tuple[Standing, str | None]:
    """Write down what a user agreed to; and the page to give a card at, where none is kept or another is wanted.

    Raises:
        StoreUnavailable: Stripe did not make the page, or it was changed all the time; nothing is agreed to.
    """
    made: Checkout | None = None

    def change(standing: Standing) -> Standing:
        nonlocal made
        if made is None and (new_card or standing.card is None):
            made = page(standing.card.customer if standing.card else None)
        return standing.agree(agreed, made.id if made else None)

    _, now = _changed(user_id, store, change)
    return now, made.url if made else None


def keep(user_id: str, session: str, setup_intent: str, store: AutomaticStore, cards: Cards) -> None:
    """Take the card that was given at the page that is awaited; of any other page, nothing.

    Raises:
        StoreUnavailable: Stripe did not say which; it tells of it again.
    """
    if store.of(user_id).session != session:
        return
    card = cards.kept(setup_intent)
    before, now = _changed(user_id, store, lambda each: each.keep(card) if each.session == session else each)
    if before.card is not None and now.card == card != before.card:
        cards.forget(before.card)


def stop(user_id: str, store: AutomaticStore, cards: Callable[[], Cards]) -> Standing:
    """Charge nothing any more, and keep no card.

    Raises:
        StoreUnavailable: it was changed all the time; they go on.
    """
    before, now = _changed(user_id, store, Standing.stop)
    if before.card is not None:
        with suppress(PaymentsOff):
            cards().forget(before.card)
    return now


def _changed(
    user_id: str, store: AutomaticStore, change: Callable[[Standing], Standing]
) -> tuple[Standing, Standing]:
    """How it stood and how it stands; what does not change is not written."""
    for _ in range(_TRIES):
        before = store.of(user_id)
        wanted = change(before)
        if wanted == before or (before.state == wanted.state == OFF):
            return before, before
        try:
            return before, store.save(wanted)
        except Changed:
            continue
    raise StoreUnavailable("It is being changed; try again in a moment.", retry_after_seconds=1)
