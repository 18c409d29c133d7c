"""Settle: each request is charged once, whatever happens to its event; late and too dear ones by their rules."""

import pytest

from aggregator.billing.entry import UsageEnd
from aggregator.billing.model import Held
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import Settled, by_account, settle_account, sweep_over
from aggregator.runtime.aws import AwsError
from tests.fakes.ledger_world import BUCKET, NOW, LedgerWorld, end

CONFLICT = AwsError(
    "TransactionCanceledException", reasons=[{"Code": "TransactionConflict"}, {"Code": "None"}]
)


LAPSED = NOW + 3600 + 61


def settled(world: LedgerWorld, *ends: UsageEnd, now: float = NOW) -> Settled:
    return settle_account(world.store, ends, world.slept.append, now)


def holding(*amounts: int, credit: int = 1_000, now: float = NOW) -> LedgerWorld:
    world = LedgerWorld()
    world.credit(credit)
    for amount in amounts:
        reserve(
            world.store,
            "ann",
            at_most_nano_usd=amount,
            at_least_nano_usd=amount,
            now_epoch_seconds=now,
        )
    return world


def test_what_was_not_used_comes_back() -> None:
    world = holding(100)

    done = settled(world, end("r1", cost=40))

    assert done == Settled(entries=1)
    assert (world.available(), world.held()) == (960, 0)
    assert world.legs("r1") == {"user:ann": -40, "revenue": 40}


def test_a_batch_is_one_transaction() -> None:
    world = holding(100, 100, 100)
    world.aws.inner.calls.clear()

    settled(world, *[end(f"r{n}", cost=10) for n in range(3)])

    assert world.aws.inner.calls == ["TransactWriteItems"]
    assert (world.available(), world.held()) == (970, 0)


def test_an_event_that_arrives_twice_is_charged_once() -> None:
    world = holding(100)
    settled(world, end("r1", cost=40))

    done = settled(world, end("r1", cost=40))

    assert done == Settled(repeated=1)
    assert world.available() == 960


def test_a_repeated_event_does_not_hold_its_neighbours_back() -> None:
    world = holding(100, 100)
    settled(world, end("r1", cost=40))

    done = settled(world, end("r1", cost=40), end("r2", cost=5))

    assert done == Settled(entries=1, repeated=1)
    assert (world.available(), world.held()) == (955, 0)


def test_a_repetition_within_a_batch_is_dropped() -> None:
    grouped = by_account([
        end("r1", cost=1),
        end("r2", cost=1, user_id="bob"),
        end("r1", cost=1),
        end("r3", cost=1),
    ])  # fmt: skip

    assert {user: [each.request_id for each in ends] for user, ends in grouped.items()} == {
        "ann": ["r1", "r3"],
        "bob": ["r2"],
    }


def test_a_cost_above_its_hold_is_charged_up_to_it_and_the_rest_is_the_platforms_loss() -> None:
    world = holding(100)

    done = settled(world, end("r1", cost=130))

    assert done == Settled(entries=1, loss_nano_usd=30)
    assert world.available() == 900
    assert world.legs("r1") == {"user:ann": -100, "revenue": 130, "platform_loss": -30}


def test_usage_that_costs_nothing_has_its_entry_too() -> None:
    world = holding(100)

    settled(world, end("r1", cost=0))

    assert world.available() == 1_000
    assert world.legs("r1") == {"user:ann": 0, "revenue": 0}


def test_what_held_nothing_is_settled_as_an_entry_of_nothing_and_is_never_late() -> None:
    world = LedgerWorld()

    done = settled(world, end("free", cost=0, held=0))
    again = settled(world, end("free", cost=0, held=0))

    assert (done, again) == (Settled(entries=1), Settled(repeated=1))
    assert world.legs("free") == {"user:ann": 0, "revenue": 0}
    assert (world.available(), world.store.account("ann").holds) == (0, {})


def test_what_held_nothing_is_settled_with_its_neighbours_however_late() -> None:
    world = holding(100)

    done = settled(world, end("r1", cost=40), end("free", cost=0, held=0, bucket="1763000100"))

    assert done == Settled(entries=2)
    assert (world.available(), world.held()) == (960, 0)


def test_late_usage_is_debited_from_what_is_there() -> None:
    world = LedgerWorld()
    world.credit(1_000)

    done = settled(world, end("r1", cost=40))

    assert done == Settled(entries=1, late=1)
    assert (world.available(), world.held()) == (960, 0)


def test_late_usage_that_nobody_can_pay_is_the_platforms_loss() -> None:
    world = LedgerWorld()
    world.credit(30)

    done = settled(world, end("r1", cost=40), end("r2", cost=5))

    assert done == Settled(entries=2, late=2, loss_nano_usd=15)
    assert world.available() == 0
    assert world.legs("r1") == {"user:ann": -30, "revenue": 40, "platform_loss": -10}
    assert world.legs("r2") == {"user:ann": 0, "revenue": 5, "platform_loss": -5}


def test_late_usage_of_an_unknown_user_is_booked_as_a_loss() -> None:
    world = LedgerWorld()

    done = settled(world, end("r1", cost=40))

    assert done == Settled(entries=1, late=1, loss_nano_usd=40)
    assert world.available() == 0


def test_of_one_bucket_the_first_are_in_time_and_the_rest_late() -> None:
    world = holding(100, credit=100)

    done = settled(world, end("r1", cost=60), end("r2", cost=60))

    assert done == Settled(entries=2, late=1, loss_nano_usd=20)
    assert (world.available(), world.held()) == (0, 0)
    assert world.legs("r2") == {"user:ann": -40, "revenue": 60, "platform_loss": -20}


@pytest.mark.promise("returned")
def test_late_usage_is_paid_from_what_has_lapsed_where_that_is_all_there_is() -> None:
    world = holding(600, 400)

    done = settled(world, end("late", cost=700, held=700, bucket="1763999700"), now=LAPSED)

    assert done == Settled(entries=1, late=1)
    assert world.legs("late") == {"user:ann": -700, "revenue": 700}
    assert (world.available(), world.held()) == (300, 0)
    assert world.store.account("ann").swept == Held(1_000, 2)


def test_what_runs_is_not_taken_for_late_usage() -> None:
    world = holding(600, 400)

    done = settled(world, end("late", cost=700, held=700, bucket="1763999700"), now=LAPSED - 1)

    assert done == Settled(entries=1, late=1, loss_nano_usd=700)
    assert (world.available(), world.held()) == (0, 1_000)


def test_what_has_lapsed_stays_where_it_is_while_late_usage_can_be_paid_without() -> None:
    world = holding(600, credit=1_300)

    done = settled(world, end("late", cost=700, held=700, bucket="1763999700"), now=LAPSED)

    assert done == Settled(entries=1, late=1)
    assert (world.available(), world.held()) == (0, 600)


def test_usage_in_time_and_late_usage_share_a_lapsed_bucket() -> None:
    world = holding(100, 50, credit=150)

    done = settled(
        world,
        end("r1", cost=30, held=100),
        end("late", cost=500, held=500, bucket="1763999700"),
        now=LAPSED,
    )

    assert done == Settled(entries=2, late=1, loss_nano_usd=380)
    assert world.legs("late") == {"user:ann": -120, "revenue": 500, "platform_loss": -380}
    assert (world.available(), world.store.account("ann").holds) == (0, {})
    assert world.store.account("ann").swept == Held(50, 1)


def test_late_usage_is_paid_from_more_lapsed_buckets_than_one_write_can_name() -> None:
    world = LedgerWorld()
    world.credit(100)
    for n in range(100):
        reserve(world.store, "ann", at_most_nano_usd=1, at_least_nano_usd=1, now_epoch_seconds=NOW + 300 * n)

    done = settled(world, end("late", cost=60, held=60, bucket="1763999700"), now=NOW + 300 * 100 + 7200)

    assert done == Settled(entries=1, late=1)
    assert world.store.account("ann").total_nano_usd == 40


def test_lapsed_money_that_somebody_else_sweeps_meanwhile_pays_all_the_same() -> None:
    world = holding(600, 400)
    late = end("late", cost=700, held=700, bucket="1763999700")

    def sweep() -> None:
        world.aws.before["TransactWriteItems"] = lambda: world.store.sweep(
            "ann", dict(world.store.account("ann").holds)
        )

    world.aws.before["GetItem"] = sweep
    done = settled(world, late, now=LAPSED)

    assert done == Settled(entries=1, late=1)
    assert (world.available(), world.held()) == (300, 0)
    assert world.store.account("ann").swept == Held(1_000, 2)


def test_usage_may_come_after_the_deadline_while_nobody_needed_the_money() -> None:
    world = holding(100)

    done = settled(world, end("r1", cost=40))

    assert done.late == 0
    assert world.available() == 960


def test_a_collision_is_tried_again_after_a_pause() -> None:
    world = holding(100)
    world.aws.refusals["TransactWriteItems"] = [CONFLICT, CONFLICT]

    done = settled(world, end("r1", cost=40))

    assert done == Settled(entries=1)
    assert len(world.slept) == 2
    assert 0 <= world.slept[0] <= 0.05
    assert 0 <= world.slept[1] <= 0.1


def test_what_the_client_has_repeated_already_is_not_repeated_once_more() -> None:
    world = holding(100)
    world.aws.refusals["TransactWriteItems"] = [AwsError("ThrottlingException")]

    with pytest.raises(AwsError, match="ThrottlingException"):
        settled(world, end("r1", cost=40))

    assert world.slept == []
    assert (world.available(), world.held()) == (900, 100)


def test_collisions_without_end_are_given_up_and_nothing_is_written() -> None:
    world = holding(100)
    world.aws.refusals["TransactWriteItems"] = [CONFLICT] * 100

    with pytest.raises(AwsError, match="TransactionCanceled"):
        settled(world, end("r1", cost=40))

    assert (world.available(), world.held()) == (900, 100)
    assert len(world.slept) == 7


@pytest.mark.parametrize(
    "refusal",
    [
        AwsError("ValidationException"),
        AwsError("TimedOut"),
        AwsError("TransactionCanceledException", reasons=[{"Code": "ValidationError"}]),
    ],
)
def test_what_will_not_pass_is_not_tried_again(refusal: AwsError) -> None:
    world = holding(100)
    world.aws.refusals["TransactWriteItems"] = [refusal]

    with pytest.raises(AwsError) as raised:
        settled(world, end("r1", cost=40))

    assert raised.value is refusal
    assert world.slept == []


def test_who_settles_at_the_same_moment_is_not_charged_twice() -> None:
    world = holding(100, 100)
    world.aws.before["TransactWriteItems"] = lambda: settled(world, end("r1", cost=40))

    done = settled(world, end("r1", cost=40), end("r2", cost=5))

    assert done == Settled(entries=1, repeated=1)
    assert (world.available(), world.held()) == (955, 0)


def test_a_batch_too_long_for_one_transaction_is_settled_in_parts() -> None:
    world = holding(*[1] * 100)
    world.aws.inner.calls.clear()

    done = settled(world, *[end(f"r{n}", cost=1, held=1) for n in range(100)])

    assert done == Settled(entries=100)
    assert world.aws.inner.calls == ["TransactWriteItems"] * 2
    assert (world.available(), world.held()) == (900, 0)


def test_more_buckets_than_one_write_can_name_are_settled_in_parts() -> None:
    world = LedgerWorld()
    world.credit(1_000)

    done = settled(world, *[end(f"r{n}", cost=1, bucket=str(1_764_000_000 + 300 * n)) for n in range(70)])

    assert done == Settled(entries=70, late=70)
    assert world.available() == 930


def test_buckets_that_are_over_and_empty_leave_the_account() -> None:
    world = holding(100, 50)
    settled(world, end("r1", cost=40), end("r2", cost=5, held=50))
    running = world.store.account("ann").holds

    sweep_over(world.store, "ann", NOW + 3600)
    sweep_over(world.store, "ann", NOW + 3661)

    assert running == {BUCKET: Held(0, 0)}
    assert world.store.account("ann").holds == {}
    assert world.available() == 955


def test_a_bucket_with_money_in_it_waits_for_its_usage() -> None:
    world = holding(100, 50)
    settled(world, end("r1", cost=40))

    lapsed = sweep_over(world.store, "ann", NOW + 3600 + 5 * 3600)

    assert lapsed == 0
    assert world.store.account("ann").holds == {BUCKET: Held(50, 1)}


def test_money_whose_usage_is_hours_late_is_returned_and_counted() -> None:
    world = holding(100, 50)
    settled(world, end("r1", cost=40))

    lapsed = sweep_over(world.store, "ann", NOW + 100_000)

    assert lapsed == 1
    assert world.store.account("ann").holds == {}
    assert world.store.account("ann").swept == Held(50, 1)
    assert world.available() == 960


def test_an_account_without_old_buckets_is_only_read() -> None:
    world = holding(100)
    world.aws.inner.calls.clear()

    sweep_over(world.store, "ann", NOW)

    assert world.aws.inner.calls == ["GetItem"]


def test_late_usage_is_paid_from_however_many_buckets_have_lapsed() -> None:
    world = lost_in_each_of(70, amount=10)

    done = settled(world, end("late", cost=690, held=700), now=LAPSED)

    assert done == Settled(entries=1, late=1)
    assert world.legs("late") == {"user:ann": -690, "revenue": 690}
    assert (world.available(), world.held()) == (10, 0)


def test_more_buckets_that_are_over_than_one_write_names_are_told_once_each() -> None:
    world = lost_in_each_of(40, amount=10)

    told = [sweep_over(world.store, "ann", LAPSED + 6 * 3600) for _ in range(3)]

    assert told == [30, 10, 0]
    assert world.available() == 400


def lost_in_each_of(buckets: int, *, amount: int) -> LedgerWorld:
    """All money is held by requests whose usage never came, one in each five minutes until now."""
    world = LedgerWorld()
    world.credit(buckets * amount)
    for n in range(buckets):
        reserve(
            world.store,
            "ann",
            at_most_nano_usd=amount,
            at_least_nano_usd=amount,
            now_epoch_seconds=NOW - 300 * n,
        )
    return world
