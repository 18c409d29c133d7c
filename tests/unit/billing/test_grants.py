"""Grants: who pays for a request, what is given back, and that nothing paid but what was there."""

from typing import Any

import pytest

from aggregator.billing.entry import UsageEnd
from aggregator.billing.grants import MOST_GRANTS
from aggregator.billing.model import Account
from aggregator.billing.money_in import Movement, book_movement
from aggregator.billing.settle import MOST_WITH_GRANTS, Settled, settle_account
from aggregator.errors import Conflict, IdempotencyMismatch, InsufficientQuota, InvalidRequest
from aggregator.runtime.aws import AwsError
from tests.fakes.ledger_world import NOW, LedgerWorld, end

CAME = "2025-11-24T16:00:00.000Z"
"""The moment of NOW."""
BEFORE = "2025-11-24T15:59:59.999Z"
SOON = "2025-11-24T16:00:00.001Z"
LATER = "2025-11-25T00:00:00.000Z"
LATEST = "2025-12-24T00:00:00.000Z"


def world_with(credit: int = 0, **grants: tuple[int, str]) -> LedgerWorld:
    world = LedgerWorld()
    if credit:
        world.credit(credit)
    for grant_id, (amount, ends_at) in grants.items():
        world.give(amount, ends_at, grant_id)
    return world


def held_and_settled(world: LedgerWorld, cost: int, request_id: str = "r1", **how: Any) -> Settled:
    world.reserve(how.get("held", 100))
    return settled(world, end(request_id, cost, **{"came_at": CAME, **how}))


def settled(world: LedgerWorld, *ends: UsageEnd, now: float = NOW) -> Settled:
    return settle_account(world.store, ends, world.slept.append, now)


def test_a_grant_is_in_the_wallet_and_an_entry_that_promotions_pay() -> None:
    world = world_with(credit=1_000, g1=(400, LATER))

    assert world.store.account("ann") == Account("ann", 1_400, granted_nano_usd=400)
    assert world.legs("g1") == {"grant:g1": 400, "promotion": -400}
    assert (world.entries()["g1"].kind, world.entries()["g1"].amount_nano_usd) == ("grant", 400)
    assert world.left() == {"g1": 400}


def test_grants_pay_before_paid_credit_and_the_one_that_ends_first_is_the_first() -> None:
    world = world_with(credit=1_000, g1=(30, LATEST), g2=(20, LATER))

    done = held_and_settled(world, 70)

    assert done == Settled(entries=1)
    assert world.legs("r1") == {"grant:g2": -20, "grant:g1": -30, "user:ann": -20, "revenue": 70}
    assert world.entries()["r1"].amount_nano_usd == -70
    assert (world.available(), world.held(), world.left()) == (980, 0, {})


def test_of_grants_that_end_together_the_lower_id_pays_first() -> None:
    world = world_with(g2=(50, LATER), g1=(50, LATER))

    held_and_settled(world, 60)

    assert world.legs("r1") == {"grant:g1": -50, "grant:g2": -10, "revenue": 60}
    assert world.left() == {"g2": 40}


def test_paid_credit_that_pays_nothing_is_no_leg() -> None:
    world = world_with(credit=1_000, g1=(400, LATER))

    held_and_settled(world, 70)

    assert world.legs("r1") == {"grant:g1": -70, "revenue": 70}
    assert (world.left(), world.store.account("ann").paid_nano_usd) == ({"g1": 330}, 1_000)


@pytest.mark.parametrize(
    ("ends_at", "legs"),
    [
        (SOON, {"grant:g1": -70, "revenue": 70}),
        (CAME, {"user:ann": -70, "revenue": 70}),
        (BEFORE, {"user:ann": -70, "revenue": 70}),
    ],
)
def test_a_grant_pays_for_what_came_before_its_end_and_for_nothing_that_came_later(
    ends_at: str, legs: dict[str, int]
) -> None:
    world = world_with(credit=1_000, g1=(400, ends_at))

    held_and_settled(world, 70)

    assert world.legs("r1") == legs


def test_what_came_before_the_end_is_paid_by_the_grant_though_it_is_settled_after_it() -> None:
    world = world_with(credit=1_000, g1=(400, SOON))
    world.reserve(100)

    settled(world, end("r1", 70, came_at=CAME), now=NOW + 3_000)

    assert world.legs("r1") == {"grant:g1": -70, "revenue": 70}


def test_of_a_batch_the_request_that_came_first_is_paid_first() -> None:
    world = world_with(credit=1_000, g1=(50, SOON))
    world.reserve(100)
    world.reserve(100)

    settled(world, end("r2", 30, came_at=SOON), end("r1", 30, came_at=CAME))

    assert world.legs("r1") == {"grant:g1": -30, "revenue": 30}
    assert world.legs("r2") == {"user:ann": -30, "revenue": 30}


def test_what_neither_paid_credit_nor_a_grant_that_lives_can_pay_is_the_platforms_loss() -> None:
    world = world_with(credit=10, g1=(400, BEFORE))

    done = held_and_settled(world, 70)

    assert done == Settled(entries=1, loss_nano_usd=60)
    assert world.legs("r1") == {"user:ann": -10, "revenue": 70, "platform_loss": -60}
    assert (world.store.account("ann").paid_nano_usd, world.left()) == (0, {"g1": 400})


def test_what_comes_back_of_an_ended_grant_expires_with_the_same_write_so_that_nobody_spends_it_again() -> (
    None
):
    world = world_with(g1=(400, BEFORE))
    world.reserve(300, now=NOW + 120)

    done = settled(world, end("r1", 250, held=300, came_at=SOON, bucket="1764003900"), now=NOW + 180)

    assert done == Settled(entries=1, loss_nano_usd=250)
    assert (world.available(), world.held(), world.left()) == (100, 0, {"g1": 100})
    (expiry,) = [entry for entry in world.entries().values() if entry.kind == "expiry"]
    assert {leg.account: leg.amount_nano_usd for leg in expiry.postings} == {
        "grant:g1": -300,
        "promotion": 300,
    }
    assert world.store.given("ann", "g1").expired_nano_usd == 300  # type: ignore[union-attr]


def test_an_event_that_comes_again_is_paid_once() -> None:
    world = world_with(credit=1_000, g1=(400, LATER))
    held_and_settled(world, 70)

    again = settled(world, end("r1", 70, came_at=CAME))

    assert again == Settled(repeated=1)
    assert (world.left(), world.available()) == ({"g1": 330}, 1_330)


def test_an_answer_that_was_lost_is_paid_once() -> None:
    world = world_with(credit=1_000, g1=(400, LATER))
    world.reserve(100)
    lost = AwsError("TransactionCanceledException", reasons=[{"Code": "TransactionConflict"}])
    world.aws.refusals["TransactWriteItems"] = [lost]

    done = settled(world, end("r1", 70, came_at=CAME))

    assert (done, world.left()) == (Settled(entries=1), {"g1": 330})


def test_settling_that_meets_another_plans_anew() -> None:
    world = world_with(credit=1_000, g1=(50, LATER))
    world.reserve(100)
    world.reserve(100)

    def once_more() -> None:
        world.aws.before["TransactWriteItems"] = lambda: settled(world, end("r2", 30, came_at=CAME))

    world.aws.before["BatchGetItem"] = once_more
    done = settled(world, end("r1", 30, came_at=CAME))

    assert done == Settled(entries=1)
    assert world.legs("r2") == {"grant:g1": -30, "revenue": 30}
    assert world.legs("r1") == {"grant:g1": -20, "user:ann": -10, "revenue": 30}


def test_a_grant_that_is_given_between_reading_and_writing_pays_in_its_turn() -> None:
    world = world_with(credit=1_000, g1=(50, LATEST))
    world.reserve(100)

    def once_more() -> None:
        world.aws.before["TransactWriteItems"] = lambda: world.give(20, LATER, "g2")

    world.aws.before["BatchGetItem"] = once_more
    settled(world, end("r1", 30, came_at=CAME))

    assert world.legs("r1") == {"grant:g2": -20, "grant:g1": -10, "revenue": 30}


def test_a_first_grant_that_is_given_between_reading_and_writing_pays_too() -> None:
    world = world_with(credit=1_000)
    world.reserve(100)
    world.aws.before["TransactWriteItems"] = lambda: world.give(20, LATER)

    settled(world, end("r1", 30, came_at=CAME))

    assert world.legs("r1") == {"grant:g1": -20, "user:ann": -10, "revenue": 30}


def test_more_requests_than_one_write_takes_beside_grants_are_settled_in_two() -> None:
    world = world_with(credit=10, g1=(1_000, LATER))
    ends = [end(f"r{n:02}", 10, held=10, came_at=CAME) for n in range(MOST_WITH_GRANTS + 5)]
    for _ in ends:
        world.reserve(10)

    done = settled(world, *ends)

    assert done == Settled(entries=75)
    assert (world.left(), world.available()) == ({"g1": 250}, 260)


def test_late_usage_is_paid_by_grants_that_lived_when_it_came() -> None:
    world = world_with(credit=1_000, g1=(50, LATER))

    done = settled(world, end("r1", 70, came_at=CAME))

    assert done == Settled(entries=1, late=1)
    assert world.legs("r1") == {"grant:g1": -50, "user:ann": -20, "revenue": 70}
    assert (world.available(), world.left()) == (980, {})


def test_who_has_no_grants_is_settled_with_one_call_as_ever() -> None:
    world = world_with(credit=1_000, g1=(70, LATER))
    held_and_settled(world, 70)
    world.reserve(100)
    world.aws.inner.calls.clear()

    settled(world, end("r2", 10, came_at=CAME))

    assert world.aws.inner.calls == ["TransactWriteItems"]


def test_the_account_item_is_as_large_with_a_score_of_grants_as_with_one() -> None:
    world = world_with(credit=1_000)
    world.give(1, LATER, "g00")
    names = set(world.aws.inner.items["ACCOUNT#ann", "BALANCE"])
    for n in range(1, MOST_GRANTS):
        world.give(1, LATER, f"g{n:02}")

    assert set(world.aws.inner.items["ACCOUNT#ann", "BALANCE"]) == names
    assert world.store.account("ann").granted_nano_usd == 25


def test_an_account_gets_no_more_grants_than_settling_can_write() -> None:
    world = LedgerWorld()
    for n in range(MOST_GRANTS):
        world.give(1, LATER, f"g{n:02}")

    with pytest.raises(Conflict, match="25 grants that are not used up"):
        world.give(1, LATER, "more")

    assert world.available() == 25


@pytest.mark.parametrize("kind", ["debit", "adjustment"])
def test_what_was_granted_is_not_paid_out(kind: Any) -> None:
    world = world_with(credit=100, g1=(400, LATER))
    amount = 101 if kind == "debit" else -101

    with pytest.raises(
        InsufficientQuota, match=r"0\.0000001 USD are available, and 0\.0000004 USD of grants"
    ):
        world.book(kind, amount)
    world.book("debit", 100, id="d1")

    assert (world.available(), world.left(), world.store.account("ann").paid_nano_usd) == (
        400,
        {"g1": 400},
        0,
    )


def test_a_debit_and_a_charge_at_once_do_not_both_take_the_same_paid_credit() -> None:
    world = world_with(credit=100, g1=(10, BEFORE))
    world.reserve(100)

    def once_more() -> None:
        world.aws.before["TransactWriteItems"] = lambda: world.book("debit", 10, id="d1")

    world.aws.before["BatchGetItem"] = once_more
    settled(world, end("r1", 95, came_at=CAME))

    assert world.legs("r1") == {"user:ann": -90, "revenue": 95, "platform_loss": -5}
    assert world.store.account("ann").paid_nano_usd == 0


def test_a_debit_that_saw_enough_paid_credit_is_planned_anew_where_a_charge_was_faster() -> None:
    world = world_with(credit=100, g1=(10, BEFORE))
    world.reserve(50)

    def once_more() -> None:
        world.aws.before["TransactWriteItems"] = lambda: settled(world, end("r1", 50, held=50, came_at=CAME))

    world.aws.before["GetItem"] = once_more
    with pytest.raises(InsufficientQuota):
        world.book("debit", 60, id="d1")

    assert world.store.account("ann").paid_nano_usd == 50


def test_money_that_went_out_outside_is_taken_of_paid_credit_alone() -> None:
    world = world_with(credit=100, g1=(400, LATER))
    movement = Movement("m1", "ann", -150, CAME, "A dispute")

    moved = book_movement(world.store, movement, now_epoch_seconds=NOW, sleep=world.slept.append)

    assert moved.short_nano_usd == 50
    assert world.legs("m1") == {"user:ann": -100, "platform_loss": -50, "cash": 150}
    assert world.left() == {"g1": 400}


def test_a_refund_gives_paid_credit_back_first_and_then_the_grant_that_ends_last() -> None:
    world = world_with(credit=1_000, g1=(20, LATER), g2=(30, LATEST))
    held_and_settled(world, 60)

    world.book("refund", 15, id="f1", refers_to="r1", occurred_at=CAME)
    world.book("refund", 40, id="f2", refers_to="r1", occurred_at=CAME)

    assert world.legs("f1") == {"user:ann": 10, "grant:g2": 5, "revenue": -15}
    assert world.legs("f2") == {"grant:g2": 25, "grant:g1": 15, "revenue": -40}
    assert (world.left(), world.store.account("ann").paid_nano_usd) == ({"g1": 15, "g2": 30}, 1_000)
    with pytest.raises(InvalidRequest, match="more than what is left to refund"):
        world.book("refund", 6, id="f3", refers_to="r1", occurred_at=CAME)
    world.book("refund", 5, id="f3", refers_to="r1", occurred_at=CAME)
    assert world.left() == {"g1": 20, "g2": 30}


def test_what_a_grant_paid_that_has_ended_goes_back_to_promotions() -> None:
    world = world_with(g1=(20, LATER), g2=(30, LATEST))
    held_and_settled(world, 50, held=50)

    entry = world.book("refund", 50, id="f1", refers_to="r1", occurred_at=LATER)

    assert world.legs("f1") == {"grant:g2": 30, "promotion": 20, "revenue": -50}
    assert (entry.amount_nano_usd, world.left(), world.available()) == (30, {"g2": 30}, 30)
    with pytest.raises(InvalidRequest):
        world.book("refund", 1, id="f2", refers_to="r1", occurred_at=LATER)


def test_two_refunds_at_once_give_back_no_more_than_was_paid() -> None:
    world = world_with(g1=(50, LATER))
    held_and_settled(world, 50, held=50)

    def once_more() -> None:
        world.aws.before["TransactWriteItems"] = lambda: world.book(
            "refund", 30, id="f1", refers_to="r1", occurred_at=CAME
        )

    world.aws.before["GetItem"] = once_more
    with pytest.raises(InvalidRequest):
        world.book("refund", 30, id="f2", refers_to="r1", occurred_at=CAME)

    assert (world.left(), world.available()) == ({"g1": 30}, 30)


def test_a_refund_with_an_idempotency_key_is_made_once() -> None:
    world = world_with(g1=(50, LATER))
    held_and_settled(world, 50, held=50)
    how: dict[str, Any] = {"refers_to": "r1", "occurred_at": CAME, "idempotency_key": "k", "body_hash": "h"}

    first = world.book("refund", 30, id="f1", **how)
    again = world.book("refund", 30, id="f2", **how)

    assert (first.id, again.id, world.left()) == ("f1", "f1", {"g1": 30})


def test_a_grant_under_a_key_is_given_once_for_ever() -> None:
    world = LedgerWorld()

    first = world.give(50, LATER, "g1", key="plan-2025-11")
    again = world.give(60, LATEST, "g2", key="plan-2025-11")
    other = world.give(50, LATER, "g3", key="plan-2025-12")

    assert [(gift.given.id, gift.is_new) for gift in (first, again, other)] == [
        ("g1", True),
        ("g1", False),
        ("g3", True),
    ]
    assert (world.available(), world.left()) == (100, {"g1": 50, "g3": 50})


def test_two_givers_under_one_key_at_once_give_one_grant() -> None:
    world = LedgerWorld()
    world.aws.before["TransactWriteItems"] = lambda: world.give(50, LATER, "g1", key="plan")

    gift = world.give(50, LATER, "g2", key="plan")

    assert (gift.given.id, gift.is_new, world.available()) == ("g1", False, 50)


def test_the_same_idempotency_key_and_body_gives_the_grant_it_led_to() -> None:
    world = LedgerWorld()
    world.give(50, LATER, "g1", idempotency_key="k", body_hash="h")

    again = world.give(50, LATER, "g2", idempotency_key="k", body_hash="h")

    assert (again.given.id, again.is_new, world.available()) == ("g1", False, 50)
    with pytest.raises(IdempotencyMismatch):
        world.give(51, LATER, "g3", idempotency_key="k", body_hash="other")


def test_giving_survives_a_collision_and_an_answer_that_never_came() -> None:
    conflict = AwsError("TransactionCanceledException", reasons=[{"Code": "TransactionConflict"}])
    world = LedgerWorld(TransactWriteItems=[conflict])

    gift = world.give(50, LATER)

    assert (gift.is_new, world.available(), len(world.slept)) == (True, 50, 1)
