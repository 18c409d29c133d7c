"""The settle queue of the model: batches, windows, limits, collisions."""

from dataclasses import replace

import pytest

from bench.simulation.model import Run
from bench.simulation.parameters import Parameters
from bench.simulation.report import Figures, simulate

MANY = Parameters(
    rate=400,
    seconds=40,
    accounts=10_000,
    gateway_rate=1e9,
    gateway_burst=1e9,
    concurrency=10**6,
    scale_burst=1e9,
)
HOT = replace(MANY, accounts=1, rate=300, partition="apart")


def test_a_batch_goes_when_its_window_is_over() -> None:
    figures = simulate(replace(MANY, rate=10, pollers=1, window=2.0))

    assert 15 <= figures.batch_mean <= 22
    # The first message of a batch waits longest: delivery, window, settle's own time, its transaction.
    assert figures.queue_age_p99 == pytest.approx(0.150 + 2.0 + 0.015 + 0.020, abs=0.005)


def test_a_full_batch_does_not_wait() -> None:
    figures = simulate(replace(MANY, window=60.0))

    assert figures.batch_mean == pytest.approx(25, abs=0.2)
    assert figures.queue_age_p50 < 2


def test_settling_keeps_up_until_its_functions_are_all_busy() -> None:
    """Ten functions, 25 messages in 0.615 s each: 406 a second."""
    below, above = simulate(replace(MANY, rate=380)), simulate(replace(MANY, rate=460))

    assert below.backlog_end < 300
    assert above.backlog_end == pytest.approx((460 - 406.5) * 38, rel=0.35)


def test_more_functions_settle_more() -> None:
    figures = simulate(replace(MANY, rate=460, settlers=20))

    assert figures.backlog_end < 300


def test_larger_batches_collide_less_with_reserves() -> None:
    def collisions(figures: Figures) -> float:
        return figures.retries["reserve: transaction"]

    small, large = simulate(replace(HOT, batch=10)), simulate(replace(HOT, batch=99))

    assert collisions(small) > 5 * collisions(large)


def test_an_account_and_its_ledger_on_one_partition_settle_325_a_second() -> None:
    below, above = (simulate(replace(HOT, partition="together", rate=rate)) for rate in (280, 400))

    assert below.queue_age_p99 < 5
    assert above.queue_age_p99 > 100


def test_an_item_of_two_kilobytes_halves_what_its_account_can_reserve() -> None:
    run = Run(replace(HOT, rate=1500, partition="spread", buckets=40, seconds=20, warmup=10, settlers=1))

    tally = run.run()

    served = tally.ends["served"] / 10
    assert run.accounts[0].units == 2
    assert 350 < served < 520


def test_a_transaction_that_a_newer_write_cancels_is_tried_again() -> None:
    figures = simulate(replace(HOT, stamp_gap_ms=2.0))

    assert figures.retries["settle: newer write"] > 0.005
    assert figures.served > 0.99


def test_what_the_bus_throttles_goes_straight_to_the_queue() -> None:
    run = Run(replace(MANY, rate=100, bus_rate=20))

    tally = run.run()

    assert tally.calls["straight to the queue"] > 1000
    assert sum(tally.batches) == tally.calls["bus"] + tally.calls["straight to the queue"]


@pytest.mark.parametrize(
    ("batch", "transactions", "reads"), [(1, 1000, 1000), (10, 100, 100), (25, 40, 40), (100, 20, 10)]
)
def test_a_thousand_events_of_one_account_take_as_many_calls_as_the_bench_counted(
    batch: int, transactions: int, reads: int
) -> None:
    """bench/hot_account.py counts the calls of the real code on two engines: these are its figures."""
    run = Run(
        replace(HOT, rate=100, seconds=30, batch=batch, window=600.0, settlers=1, transaction_ms=1, read_ms=1)
    )

    tally = run.run()

    settled = sum(tally.batches)
    assert settled > 2000
    assert 1000 * tally.calls["transactions"] / settled == pytest.approx(transactions, rel=0.03)
    assert 1000 * tally.calls["read"] / settled == pytest.approx(reads, rel=0.03)
