"""A hold whose rest came back, for all that follows it: late usage, lapse, sweep, balance, reconcile, closed books."""

from dataclasses import replace

import pytest

from aggregator.billing.api import Balance
from aggregator.billing.model import Held, Hold
from aggregator.billing.rest import return_rest
from aggregator.billing.settle import settle_account, sweep_over
from aggregator.runtime.aws import AwsError
from tests.fakes.books_world import ONE_A_TOKEN, BooksWorld
from tests.fakes.ledger_world import BUCKET, NOW, LedgerWorld, end

LAPSED = int(BUCKET) + 61
GIVEN_UP = LAPSED + 6 * 3600
IN_DOUBT = [AwsError("TimedOut")]


def with_rest_back(charged: int = 30, *, in_doubt: bool = False) -> LedgerWorld:
    """An account of 1,000 of which a request held 400, and gave back what it did not need."""
    world = LedgerWorld()
    world.credit(1_000)
    left = world.store.hold("ann", 400, BUCKET)
    if in_doubt:
        world.aws.refusals["UpdateItem"] = list(IN_DOUBT)
    return_rest(world.store, "ann", Hold(400, BUCKET, left), charged, request_id="r1", ends=None)
    return world


def test_usage_that_comes_before_a_sweep_meets_the_smaller_hold_though_it_has_lapsed() -> None:
    world = with_rest_back()

    done = settle_account(world.store, [end("r1", 30, held=30)], world.slept.append, LAPSED)

    assert (done.late, done.loss_nano_usd) == (0, 0)
    assert (world.available(), world.held()) == (970, 0)


@pytest.mark.promise("returned")
def test_usage_that_comes_after_the_sweep_is_late_and_pays_what_it_cost_once() -> None:
    world = with_rest_back()
    world.store.sweep("ann", {BUCKET: Held(30, 1)})

    for _ in range(2):
        done = settle_account(world.store, [end("r1", 30, held=30)], world.slept.append, LAPSED)

    assert (done.entries, done.repeated) == (0, 1)
    assert (world.available(), world.held()) == (970, 0)
    assert world.legs("r1") == {"user:ann": -30, "revenue": 30}


def test_an_event_that_says_the_whole_hold_never_takes_what_is_back_twice() -> None:
    """As one would that was made before the rest came back: it is late, and charged all the same."""
    world = with_rest_back()

    done = settle_account(world.store, [end("r1", 30, held=400)], world.slept.append, NOW)

    assert (done.late, done.loss_nano_usd) == (1, 0)
    assert world.store.account("ann").total_nano_usd == 970


def test_a_request_that_never_says_its_usage_costs_nothing_and_only_its_cost_waited() -> None:
    world = with_rest_back()

    swept = sweep_over(world.store, "ann", GIVEN_UP)

    assert swept == 1
    assert world.store.account("ann").swept == Held(30, 1)
    assert world.available() == 1_000


@pytest.mark.promise("returned")
def test_what_nobody_knew_to_be_undone_is_swept_for_no_request() -> None:
    world = with_rest_back(in_doubt=True)
    settle_account(world.store, [end("r1", 30, held=30)], world.slept.append, NOW)

    before = world.store.account("ann")
    swept = sweep_over(world.store, "ann", GIVEN_UP)

    assert (before.available_nano_usd, before.holds) == (600, {BUCKET: Held(370, 0)})
    assert swept == 0
    assert world.store.account("ann").swept == Held(370, 0)
    assert world.available() == 970


@pytest.mark.parametrize(
    ("in_doubt", "now", "held", "available", "lapsed"),
    [
        (False, NOW, "0.00000003", "0.00000097", ("0.00", 0)),
        (True, NOW, "0.0000004", "0.0000006", ("0.00", 0)),
        (True, LAPSED, "0.00", "0.000001", ("0.0000004", 1)),
    ],
)
def test_the_balance_shows_what_is_still_held(
    *, in_doubt: bool, now: int, held: str, available: str, lapsed: tuple[str, int]
) -> None:
    world = with_rest_back(in_doubt=in_doubt)

    view = Balance.of(world.store.account("ann"), now)

    assert (view.held, view.available, view.total) == (held, available, "0.000001")
    assert (view.lapsed.amount, view.lapsed.requests) == lapsed


@pytest.mark.promise("returned")
@pytest.mark.parametrize("in_doubt", [False, True])
def test_the_books_are_sound_and_close_over_it(*, in_doubt: bool) -> None:
    world = BooksWorld()
    world.credit(1_000_000)
    left = world.store.hold("ann", 400_000, BUCKET)
    if in_doubt:
        world.aws.refused["ann"] = AwsError("TimedOut")
    hold = Hold(400_000, BUCKET, left)
    back = return_rest(world.store, "ann", hold, 30, request_id="r1", ends=None)
    used = end(world.id_of("r1"), 30, held=400_000 - back)
    details = {"model": "mini", "provider": "openai", **used.usage.to_json()}
    settle_account(world.store, [replace(used, price=ONE_A_TOKEN, details=details)], lambda _: None)
    world.at("2026-11-25T12:00:00")

    found = world.examine()

    assert back == 399_970
    assert (found.is_sound, found.total_nano_usd, found.orphan_holds) == (True, 999_970, 0)
    assert found.orphaned_nano_usd == (399_970 if in_doubt else 0)
    assert world.checkpoints() == {"2026-11-23": (999_970, 2)}
