"""Money that moved outside is booked once, and what a wallet lacks of it is the platform's loss, said in the entry."""

import pytest

from aggregator.billing.entry import CASH, PLATFORM_LOSS
from aggregator.billing.model import bucket_for
from aggregator.billing.money_in import Moved, Movement, book_movement
from aggregator.billing.reconcile import Reading, begin, examine
from aggregator.errors import StoreUnavailable
from aggregator.runtime.aws import TRANSACTION_CANCELED, AwsError
from tests.fakes.books_world import BooksWorld


def move(world: BooksWorld, amount: int, name: str = "stripe-pi_1") -> Moved:
    movement = Movement(world.id_of(name), "ann", amount, "2026-11-23T12:00:00.000Z", "Top-up (pi_1)")
    return book_movement(world.store, movement, now_epoch_seconds=int(world.now), sleep=lambda _: None)


def legs(moved: Moved) -> dict[str, int]:
    return {leg.account: leg.amount_nano_usd for leg in moved.entry.postings}


def test_what_came_in_is_a_credit_out_of_cash() -> None:
    world = BooksWorld()

    moved = move(world, 2_500)

    assert (moved.is_new, moved.entry.kind, moved.short_nano_usd) == (True, "credit", 0)
    assert legs(moved) == {"user:ann": 2_500, CASH: -2_500}
    assert world.store.account("ann").available_nano_usd == 2_500


def test_the_same_movement_is_booked_once_even_after_weeks() -> None:
    world = BooksWorld()
    first = move(world, 2_500)
    again = Movement(first.entry.id, "ann", 2_500, "2026-11-23T12:00:00.000Z", "Top-up (pi_1)")
    world.at("2026-12-20T12:00:00")

    moved = book_movement(world.store, again, now_epoch_seconds=int(world.now), sleep=lambda _: None)

    assert (moved.is_new, moved.entry.id) == (False, first.entry.id)
    assert world.store.account("ann").available_nano_usd == 2_500


def test_who_was_told_at_the_same_moment_books_once() -> None:
    world = BooksWorld()
    world.aws.before["TransactWriteItems"] = lambda: move(world, 2_500)

    moved = move(world, 2_500)

    assert moved.is_new is False
    assert world.store.account("ann").available_nano_usd == 2_500


def test_what_went_out_and_is_there_is_a_debit() -> None:
    world = BooksWorld()
    world.credit(1_000)

    moved = move(world, -400, "stripe-re_1")

    assert (moved.entry.kind, legs(moved), moved.short_nano_usd) == (
        "debit",
        {"user:ann": -400, CASH: 400},
        0,
    )
    assert world.store.account("ann").available_nano_usd == 600


@pytest.mark.parametrize("amount", [-1_500, 1_500])
def test_what_is_the_platforms_own_cost_or_comes_back_to_it_leaves_the_wallet_alone(amount: int) -> None:
    world = BooksWorld()
    world.credit(2_000)
    movement = Movement(
        world.id_of("stripe-dp_1-fee"), "ann", amount, "2026-11-23T12:00:00.000Z", "Fee", is_platforms=True
    )

    moved = book_movement(world.store, movement, now_epoch_seconds=int(world.now), sleep=lambda _: None)

    assert legs(moved) == {"user:ann": 0, PLATFORM_LOSS: amount, CASH: -amount}
    assert world.store.account("ann").available_nano_usd == 2_000


@pytest.mark.parametrize(("there", "taken", "short"), [(300, 300, 700), (0, 0, 1_000)])
def test_what_went_out_and_is_spent_is_a_loss_and_no_wallet_goes_below_zero(
    there: int, taken: int, short: int
) -> None:
    world = BooksWorld()
    if there:
        world.credit(there)

    moved = move(world, -1_000, "stripe-dp_1-withdrawn")

    assert legs(moved) == {"user:ann": -taken, PLATFORM_LOSS: -short, CASH: 1_000}
    assert moved.short_nano_usd == short
    assert world.store.account("ann").available_nano_usd == 0


def test_what_running_requests_hold_is_left_to_them_and_what_lapsed_is_taken() -> None:
    world = BooksWorld()
    world.credit(1_000)
    world.store.hold("ann", 300, bucket_for(world.now - 2 * 3600))
    world.store.hold("ann", 200, bucket_for(world.now))

    moved = move(world, -1_000, "stripe-re_1")

    account = world.store.account("ann")
    assert legs(moved) == {"user:ann": -800, PLATFORM_LOSS: -200, CASH: 1_000}
    assert (account.available_nano_usd, account.held(world.now)) == (0, 200)


def test_the_books_still_fit_and_tell_the_loss() -> None:
    world = BooksWorld()
    world.credit(300)
    move(world, -1_000, "stripe-dp_1-withdrawn")
    move(world, 2_500, "stripe-pi_2")

    found = examine(
        world.books, begin(world.books, "ann", Reading(world.now), whole=True), Reading(world.now)
    )

    assert (found.is_sound, found.total_nano_usd, found.loss_nano_usd) == (True, 2_500, 700)  # type: ignore[union-attr]


def test_an_account_that_changes_at_each_try_is_told_again_later() -> None:
    world = BooksWorld()

    class Busy:
        def __getattr__(self, name: str) -> object:
            return getattr(world.store, name)

        def book(self, *_: object, **__: object) -> None:
            raise AwsError(TRANSACTION_CANCELED)

    movement = Movement("0-stripe-pi_1", "ann", 100, "2026-11-23T12:00:00.000Z", "Top-up")
    waited: list[float] = []

    with pytest.raises(StoreUnavailable):
        book_movement(Busy(), movement, now_epoch_seconds=0, sleep=waited.append)  # type: ignore[arg-type]

    assert len(waited) == 8
    assert world.store.account("ann").available_nano_usd == 0
