"""Grants that end: what expires and when, and that nothing which is held ever does."""

from collections.abc import Callable
from typing import Any

from aggregator.billing.expire import Run, expire_due
from aggregator.billing.model import Account, Hold
from aggregator.billing.settle import Settled, settle_account
from aggregator.runtime.aws import AwsError
from tests.fakes.ledger_world import BUCKET, NOW, LedgerWorld, end

CAME = "2025-11-24T16:00:00.000Z"
END = "2025-11-24T16:05:00.000Z"
ENDED = NOW + 300
SEEN = ENDED + 60
"""A minute after the end: clocks differ."""
LATER = "2025-11-24T17:00:00.000Z"
AFTER_IT = NOW + 700
"""A request that came then is in a bucket that no request from before the end can be in."""


def world_with(credit: int = 0, **grants: tuple[int, str]) -> LedgerWorld:
    world = LedgerWorld()
    if credit:
        world.credit(credit)
    for grant_id, (amount, ends_at) in grants.items():
        world.give(amount, ends_at, grant_id)
    return world


def expiries(world: LedgerWorld) -> list[dict[str, int]]:
    return [
        {leg.account: leg.amount_nano_usd for leg in entry.postings}
        for entry in world.entries().values()
        if entry.kind == "expiry"
    ]


def run(world: LedgerWorld, now: float, has_time: Callable[[], bool] = lambda: True) -> Run:
    return expire_due(world.store, now, has_time=has_time, sleep=world.slept.append)


def due(world: LedgerWorld) -> list[str]:
    return [sk for pk, sk in world.aws.inner.items if pk == "GRANTSDUE"]


def settle(world: LedgerWorld, cost: int, now: float, **how: Any) -> Settled:
    return settle_account(world.store, [end("r1", cost, **how)], world.slept.append, now)


def test_what_is_left_goes_back_to_promotions_a_minute_after_the_end() -> None:
    world = world_with(credit=100, g1=(400, END))

    assert world.expire(SEEN - 0.001) == 0
    assert world.expire(SEEN) == 400

    assert world.store.account("ann") == Account("ann", 100)
    assert expiries(world) == [{"grant:g1": -400, "promotion": 400}]
    assert world.left() == {}
    assert world.store.given("ann", "g1").expired_nano_usd == 400  # type: ignore[union-attr]


def test_what_expired_expires_once() -> None:
    world = world_with(credit=100, g1=(400, END))
    world.expire(SEEN)

    assert world.expire(SEEN + 300) == 0

    assert (len(expiries(world)), world.available()) == (1, 100)


def test_what_lives_stays() -> None:
    world = world_with(g1=(400, END), g2=(50, LATER))

    world.expire(SEEN)

    assert world.left() == {"g2": 50}


def test_what_is_held_stays_and_what_is_not_expires() -> None:
    world = world_with(g1=(400, END))
    world.reserve(150)

    assert world.expire(SEEN) == 250

    assert (world.available(), world.held(), world.left()) == (0, 150, {"g1": 150})


def test_what_was_held_at_the_end_and_is_spent_is_spent_and_the_rest_expires_with_it() -> None:
    world = world_with(credit=1_000, g1=(400, END))
    world.reserve(150)
    world.expire(SEEN)

    done = settle(world, 90, SEEN + 10, held=150, came_at=CAME)

    assert done == Settled(entries=1)
    assert world.legs("r1") == {"grant:g1": -90, "revenue": 90}
    assert expiries(world) == [{"grant:g1": -250, "promotion": 250}, {"grant:g1": -60, "promotion": 60}]
    assert (world.available(), world.held(), world.left()) == (1_000, 0, {})


def test_what_was_held_at_the_end_and_came_back_with_the_answer_expires_with_the_next_run() -> None:
    world = world_with(g1=(400, END))
    world.reserve(400)
    assert world.expire(SEEN) == 0

    world.store.return_rest("ann", Hold(400, BUCKET, 0), 300)

    assert world.expire(SEEN + 1) == 300
    assert (world.available(), world.held(), world.left()) == (0, 100, {"g1": 100})


def test_what_was_held_at_the_end_and_lapsed_expires() -> None:
    world = world_with(credit=10, g1=(400, END))
    world.reserve(400)
    assert world.expire(SEEN) == 0

    assert world.expire(NOW + 3_660) == 0
    assert world.expire(NOW + 3_661) == 400

    assert (world.available(), world.held(), world.left()) == (10, 0, {})


def test_what_requests_hold_that_came_after_the_end_keeps_no_grant_but_is_not_taken() -> None:
    world = world_with(credit=100, g1=(400, END))
    world.reserve(300, now=AFTER_IT)

    assert world.expire(AFTER_IT + 60) == 200

    assert (world.available(), world.held(), world.left()) == (0, 300, {"g1": 200})
    settle(world, 80, AFTER_IT + 61, held=300, came_at="2025-11-24T16:11:40.000Z", bucket="1764004500")
    assert world.legs("r1") == {"user:ann": -80, "revenue": 80}
    assert (world.available(), world.held(), world.left()) == (20, 0, {})


def test_of_two_grants_held_money_is_that_of_the_one_that_ends_first() -> None:
    world = world_with(g1=(100, CAME), g2=(100, END))
    world.reserve(130, now=NOW - 1)

    assert world.expire(SEEN) == 70

    assert world.left() == {"g1": 100, "g2": 30}


def test_expiring_never_takes_what_is_held_between_reading_and_writing() -> None:
    world = world_with(g1=(400, END))
    world.aws.before["TransactWriteItems"] = lambda: world.reserve(150)

    assert world.expire(SEEN) == 250

    assert (world.available(), world.held(), world.left()) == (0, 150, {"g1": 150})


def test_expiring_that_meets_a_settling_takes_what_is_left() -> None:
    world = world_with(g1=(400, END))
    world.reserve(150)
    world.aws.before["TransactWriteItems"] = lambda: settle(world, 90, NOW, held=150, came_at=CAME)

    assert world.expire(SEEN) == 310

    assert (world.available(), world.held(), world.left()) == (0, 0, {})
    assert world.legs("r1") == {"grant:g1": -90, "revenue": 90}


def test_a_run_sees_off_each_grant_that_ended_and_no_other() -> None:
    world = world_with(g1=(400, CAME), g2=(40, END), g3=(4, LATER))
    world.give(7, END, "h1", user_id="bob")

    assert run(world, SEEN) == Run(grants=3, amount_nano_usd=447)

    assert due(world) == [f"{LATER}#ann#g3"]
    assert expiries(world) == [{"grant:g1": -400, "grant:g2": -40, "promotion": 440}]


def test_a_grant_that_is_held_is_looked_at_again() -> None:
    world = world_with(g1=(400, END))
    world.reserve(150)

    assert run(world, SEEN) == Run(grants=1, amount_nano_usd=250, held=1)
    settle(world, 150, SEEN, held=150, came_at=CAME)
    assert run(world, SEEN + 300) == Run(grants=1)

    assert due(world) == []


def test_an_account_that_cannot_be_changed_is_left_for_the_next_run_and_its_neighbours_are_done() -> None:
    world = world_with(g1=(400, END))
    world.give(7, END, "h1", user_id="bob")
    world.aws.refusals["TransactWriteItems"] = [AwsError("InternalServerError")]

    assert run(world, SEEN) == Run(grants=2, amount_nano_usd=7, failed=1)
    assert due(world) == [f"{END}#ann#g1"]
    assert run(world, SEEN) == Run(grants=1, amount_nano_usd=400)


def test_a_run_that_died_between_expiring_and_seeing_off_is_made_up_for() -> None:
    world = world_with(g1=(400, END))
    world.aws.refusals["DeleteItem"] = [AwsError("InternalServerError")]

    run(world, SEEN)

    assert run(world, SEEN) == Run(grants=1)
    assert (due(world), len(expiries(world))) == ([], 1)


def test_an_answer_that_was_lost_expires_nothing_twice() -> None:
    world = world_with(credit=5, g1=(400, END))
    inner = world.aws.inner

    class Lost:
        def call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
            answer = inner.call(action, request)
            if action == "TransactWriteItems":
                raise AwsError("TimedOut")
            return answer

    world.store._aws = Lost()
    run(world, SEEN)
    world.store._aws = inner

    assert run(world, SEEN) == Run(grants=1)
    assert (len(expiries(world)), world.available()) == (1, 5)


def test_a_run_without_time_leaves_the_rest() -> None:
    world = world_with(g1=(400, END))

    assert run(world, SEEN, lambda: False) == Run()

    assert due(world) == [f"{END}#ann#g1"]
