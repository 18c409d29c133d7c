"""Book: credits, debits, refunds and adjustments, each once for its Idempotency-Key."""

import pytest

from aggregator.billing.entry import Entry, Posting
from aggregator.billing.model import Held
from aggregator.billing.transaction import Order, entry_of
from aggregator.errors import (
    Conflict,
    IdempotencyMismatch,
    InsufficientQuota,
    InvalidRequest,
    NotFound,
    StoreUnavailable,
)
from aggregator.runtime.aws import AwsError
from tests.fakes.ledger_world import BUCKET, MOMENT, NOW, LedgerWorld

DAY = 24 * 3600
LAPSED = NOW + 3600 + 61
CONFLICT = AwsError("TransactionCanceledException", reasons=[{"Code": "TransactionConflict"}])


@pytest.fixture
def world() -> LedgerWorld:
    made = LedgerWorld()
    made.credit(100)
    return made


@pytest.mark.parametrize(
    ("kind", "amount", "legs"),
    [
        ("credit", 30, {"user:ann": 30, "cash": -30}),
        ("debit", 30, {"user:ann": -30, "cash": 30}),
        ("refund", 30, {"user:ann": 30, "revenue": -30}),
        ("adjustment", 30, {"user:ann": 30, "adjustments": -30}),
        ("adjustment", -30, {"user:ann": -30, "adjustments": 30}),
    ],
)
def test_what_the_wallet_gains_its_counterpart_gives(kind: str, amount: int, legs: dict[str, int]) -> None:
    entry = entry_of(Order("o1", "ann", kind, amount, MOMENT))  # type: ignore[arg-type]

    assert {posting.account: posting.amount_nano_usd for posting in entry.postings} == legs
    assert entry.amount_nano_usd == legs["user:ann"]


def test_a_booking_moves_the_wallet_and_leaves_its_entry(world: LedgerWorld) -> None:
    entry = world.book("debit", 30, id="d1", description="manual")

    assert world.available() == 70
    assert world.entries()["d1"] == entry
    assert entry.description == "manual"


def test_a_first_credit_opens_the_account() -> None:
    world = LedgerWorld()

    world.book("credit", 5)

    assert world.available() == 5


@pytest.mark.parametrize(("kind", "amount"), [("debit", 101), ("adjustment", -101)])
def test_more_than_is_there_is_refused(world: LedgerWorld, kind: str, amount: int) -> None:
    with pytest.raises(InsufficientQuota) as refused:
        world.book(kind, amount)  # type: ignore[arg-type]

    assert refused.value.message == "This takes 0.000000101 USD, and 0.0000001 USD are available."
    assert refused.value.param == "amount"
    assert (world.available(), list(world.entries())) == (100, ["credit"])


def test_all_that_is_there_may_be_taken(world: LedgerWorld) -> None:
    world.book("debit", 100)

    assert world.available() == 0


@pytest.mark.promise("returned")
@pytest.mark.parametrize(("kind", "amount"), [("debit", 90), ("adjustment", -90)])
def test_what_has_lapsed_can_be_taken_as_the_balance_shows_it(
    world: LedgerWorld, kind: str, amount: int
) -> None:
    world.reserve(30)
    world.reserve(50)

    world.book(kind, amount, now=LAPSED)  # type: ignore[arg-type]

    assert (world.available(), world.held()) == (10, 0)
    assert world.store.account("ann").swept == Held(80, 2)


def test_what_runs_cannot_be_taken(world: LedgerWorld) -> None:
    world.reserve(80)

    with pytest.raises(InsufficientQuota, match=r"0\.00000002 USD are available"):
        world.book("debit", 90, now=LAPSED - 1)

    assert (world.available(), world.held()) == (20, 80)


def test_what_is_refused_is_told_all_that_could_be_taken(world: LedgerWorld) -> None:
    world.reserve(80)

    with pytest.raises(InsufficientQuota, match=r"This takes 0\.000000101 USD, and 0\.0000001 USD"):
        world.book("debit", 101, now=LAPSED)

    assert (world.available(), world.held()) == (20, 80)


def test_a_debit_takes_more_lapsed_buckets_than_one_write_can_name(world: LedgerWorld) -> None:
    for n in range(100):
        world.reserve(1, now=NOW + 300 * n)

    world.book("debit", 100, now=NOW + 300 * 100 + 7200)

    assert (world.available(), world.held()) == (0, 0)


def test_lapsed_money_that_somebody_else_sweeps_meanwhile_can_be_taken_all_the_same(
    world: LedgerWorld,
) -> None:
    world.reserve(80)

    def sweep() -> None:
        world.aws.before["TransactWriteItems"] = lambda: world.store.sweep("ann", {BUCKET: Held(80, 1)})

    world.aws.before["GetItem"] = sweep
    world.book("debit", 90, now=LAPSED)

    assert (world.available(), world.held()) == (10, 0)
    assert world.store.account("ann").swept == Held(80, 1)


def test_a_debit_that_always_comes_second_is_asked_to_come_again(world: LedgerWorld) -> None:
    world.reserve(80)
    changed = AwsError("TransactionCanceledException", reasons=[{"Code": "ConditionalCheckFailed"}])
    world.aws.refusals["TransactWriteItems"] = [changed] * 100

    with pytest.raises(StoreUnavailable) as refused:
        world.book("debit", 90, now=LAPSED)

    assert refused.value.retry_after_seconds == 1
    assert (world.available(), world.held()) == (20, 80)


@pytest.mark.promise("books")
def test_a_refund_of_an_adjustment_comes_from_the_adjustments(world: LedgerWorld) -> None:
    world.book("adjustment", -40, id="a1")

    world.book("refund", 30, id="f1", refers_to="a1")

    assert world.legs("f1") == {"user:ann": 30, "adjustments": -30}


def test_a_debit_of_nobody_is_refused() -> None:
    world = LedgerWorld()

    with pytest.raises(InsufficientQuota, match=r"0\.00 USD are available"):
        world.book("debit", 1)


def test_the_same_key_and_body_give_the_same_entry(world: LedgerWorld) -> None:
    first = world.book("credit", 30, id="c1", idempotency_key="k", body_hash="h")

    again = world.book("credit", 30, id="c2", idempotency_key="k", body_hash="h")

    assert again == first
    assert world.available() == 130
    assert "c2" not in world.entries()


def test_the_same_key_with_another_body_is_refused(world: LedgerWorld) -> None:
    world.book("credit", 30, id="c1", idempotency_key="k", body_hash="h")

    with pytest.raises(IdempotencyMismatch) as refused:
        world.book("credit", 31, id="c2", idempotency_key="k", body_hash="other")

    assert refused.value.param == "Idempotency-Key"
    assert world.available() == 130


def test_keys_are_each_users_own(world: LedgerWorld) -> None:
    world.book("credit", 30, id="c1", idempotency_key="k", body_hash="h")

    world.book("credit", 30, id="c2", user_id="bob", idempotency_key="k", body_hash="h")

    assert (world.available("ann"), world.available("bob")) == (130, 30)


def test_a_key_is_forgotten_after_a_day_also_before_the_table_has_dropped_it(world: LedgerWorld) -> None:
    world.book("credit", 30, id="c1", idempotency_key="k", body_hash="h")
    world.book("credit", 30, now=NOW + DAY, id="c2", idempotency_key="k", body_hash="h")

    world.book("credit", 31, now=NOW + DAY + 1, id="c3", idempotency_key="k", body_hash="other")

    assert list(world.entries()) == ["credit", "c1", "c3"]
    assert world.available() == 161


def test_two_posts_of_one_key_at_the_same_moment_are_booked_once(world: LedgerWorld) -> None:
    world.aws.before["TransactWriteItems"] = lambda: world.book(
        "credit", 30, id="c1", idempotency_key="k", body_hash="h"
    )

    entry = world.book("credit", 30, id="c2", idempotency_key="k", body_hash="h")

    assert entry.id == "c1"
    assert world.available() == 130


def test_without_a_key_every_post_is_booked(world: LedgerWorld) -> None:
    world.book("credit", 30, id="c1")
    world.book("credit", 30, id="c2")

    assert world.available() == 160


def test_a_refund_names_what_it_gives_back(world: LedgerWorld) -> None:
    world.book("debit", 30, id="d1")

    entry = world.book("refund", 30, refers_to="d1")

    assert entry.refers_to == "d1"
    assert world.available() == 100


@pytest.mark.promise("books")
def test_refunds_together_give_back_no_more_than_was_taken(world: LedgerWorld) -> None:
    world.book("debit", 30, id="d1")
    world.book("refund", 20, id="f1", refers_to="d1")

    with pytest.raises(InvalidRequest, match="more than what is left") as refused:
        world.book("refund", 11, id="f2", refers_to="d1")
    world.book("refund", 10, id="f3", refers_to="d1")

    assert refused.value.param == "amount"
    assert world.available() == 100


def test_one_refund_gives_back_no_more_than_was_taken(world: LedgerWorld) -> None:
    world.book("debit", 30, id="d1")

    with pytest.raises(InvalidRequest, match=r"must not be over 0\.00000003") as refused:
        world.book("refund", 31, refers_to="d1")

    assert refused.value.param == "amount"


def test_what_took_nothing_has_nothing_to_give_back(world: LedgerWorld) -> None:
    with pytest.raises(InvalidRequest, match=r"must not be over 0\.00,"):
        world.book("refund", 1, refers_to="credit")


def test_a_refund_of_what_is_not_there_is_refused(world: LedgerWorld) -> None:
    with pytest.raises(NotFound, match="'nothing'") as refused:
        world.book("refund", 1, refers_to="nothing")

    assert refused.value.param == "refersTo"


def test_another_users_entry_cannot_be_refunded(world: LedgerWorld) -> None:
    world.credit(100, "bob")
    world.book("debit", 30, id="d1", user_id="bob")

    with pytest.raises(NotFound):
        world.book("refund", 30, refers_to="d1")


def test_an_id_that_is_taken_is_a_conflict(world: LedgerWorld) -> None:
    world.book("credit", 30, id="c1")

    with pytest.raises(Conflict):
        world.book("credit", 30, id="c1")

    assert world.available() == 130


def test_a_collision_is_tried_again_after_a_pause(world: LedgerWorld) -> None:
    world.aws.refusals["TransactWriteItems"] = [CONFLICT, CONFLICT]

    world.book("credit", 30)

    assert world.available() == 130
    assert len(world.slept) == 2


def test_collisions_without_end_are_given_up(world: LedgerWorld) -> None:
    world.aws.refusals["TransactWriteItems"] = [CONFLICT] * 100

    with pytest.raises(AwsError):
        world.book("credit", 30)

    assert world.available() == 100


def test_a_table_that_does_not_answer_is_not_asked_again(world: LedgerWorld) -> None:
    world.aws.refusals["TransactWriteItems"] = [AwsError("TimedOut")]

    with pytest.raises(AwsError, match="TimedOut"):
        world.book("credit", 30)

    assert world.slept == []


@pytest.mark.promise("books")
def test_a_refund_of_a_debit_comes_from_cash_and_of_a_charge_from_revenue() -> None:
    debit = entry_of(Order("d1", "ann", "debit", 40, "2026-11-23T12:00:00.000Z"))
    refund = Order("f1", "ann", "refund", 30, "2026-11-23T12:00:01.000Z", refers_to="d1")

    assert {each.account: each.amount_nano_usd for each in entry_of(refund, debit).postings} == {
        "user:ann": 30,
        "cash": -30,
    }
    assert {each.account for each in entry_of(refund).postings} == {"user:ann", "revenue"}


def test_postings_that_do_not_add_up_are_no_entry() -> None:
    gains = Posting("user:ann", 30)

    with pytest.raises(ValueError, match="postings of entry c1 do not add up to zero"):
        Entry("c1", "ann", "credit", MOMENT, postings=(gains, Posting("cash", -29)))
