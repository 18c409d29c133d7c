"""The model against results that have a closed form."""

from dataclasses import replace
from math import factorial
from random import Random
from statistics import mean

import pytest

from bench.simulation.account import Account
from bench.simulation.capacity import Server, TokenBucket
from bench.simulation.clock import Loop, Process
from bench.simulation.model import Run
from bench.simulation.parameters import Parameters
from bench.simulation.report import simulate

OPEN = Parameters(gateway_rate=1e9, gateway_burst=1e9, concurrency=10**6, scale_rate=1e9, scale_burst=1e9)


def waits(load: float, *, exponential: bool, customers: int = 120_000) -> list[float]:
    """Waiting times before a server whose mean service takes a second, at Poisson arrivals."""
    rng = Random(7)
    server, now, found = Server(), 0.0, []
    for _ in range(customers):
        now += rng.expovariate(load)
        service = rng.expovariate(1.0) if exponential else 1.0
        found.append(server.serve(now, service) - service)
    return found


@pytest.mark.parametrize(("load", "expected"), [(0.3, 0.4286), (0.5, 1.0), (0.8, 4.0)])
def test_waiting_before_a_server_with_random_service_is_that_of_m_m_1(load: float, expected: float) -> None:
    found = mean(waits(load, exponential=True))

    assert found == pytest.approx(expected, rel=0.06)  # load / (1 - load)


@pytest.mark.parametrize(("load", "expected"), [(0.3, 0.2143), (0.5, 0.5), (0.8, 2.0)])
def test_waiting_before_a_server_with_constant_service_is_that_of_m_d_1(load: float, expected: float) -> None:
    found = mean(waits(load, exponential=False))

    assert found == pytest.approx(expected, rel=0.05)  # half of it


def test_a_server_is_found_busy_as_often_as_it_is_loaded() -> None:
    found = waits(0.6, exponential=True)

    assert mean(wait > 1e-9 for wait in found) == pytest.approx(0.6, abs=0.01)


def test_a_token_bucket_lets_its_burst_and_then_its_rate_pass() -> None:
    bucket = TokenBucket(rate=10, burst=5)

    at_once = sum(bucket.take(0.0) for _ in range(100))
    later = sum(bucket.take(0.5 + n / 1000) for n in range(2000))

    assert at_once == 5
    assert later == 24


def test_processes_run_in_the_order_in_which_they_are_due() -> None:
    loop, said = Loop(), []

    def say(what: str, wait: float) -> Process:
        yield wait
        said.append((what, loop.now))

    loop.start(say("second", 2.0))
    loop.start(say("first", 1.0))
    loop.start(say("never", 9.0))
    loop.run(until=5.0)

    assert said == [("first", 1.0), ("second", 2.0)]
    assert loop.now == 5.0


def test_requests_at_once_are_littles_law() -> None:
    parameters = replace(
        OPEN, rate=200, seconds=120, warmup=20, provider_ms=2000, cold_ms=17.2, accounts=10_000
    )
    run = Run(parameters)

    tally = run.run()

    assert mean(tally.busy) == pytest.approx(200 * 2.0172, rel=0.03)


def test_held_money_is_littles_law_too() -> None:
    parameters = replace(OPEN, rate=100, seconds=90, accounts=1, balance_usd=1000, batch=10**6, window=1.0,
        pollers=1, cost_usd=0.0, transaction_ms=0, settle_own_ms=0, read_ms=0)  # fmt: skip
    # Held from the write on, for half its time, the call, the bus, the delivery, and a window that is half over. The
    # first message of a window waits for the whole of it, the next window begins with the next message.
    seconds = 0.0025 + 2.0 + 0.010 + 0.150 + 0.5

    figures = simulate(parameters)

    assert figures.held_mean * 1000 == pytest.approx(100 * seconds * 0.009852, rel=0.03)


def test_what_lambda_throttles_is_erlangs_loss() -> None:
    """Requests that find all environments busy are lost: Erlang B, whatever the distribution of their time."""
    offered, places = 60 * 1.0172, 60
    expected = (offered**places / factorial(places)) / sum(
        offered**k / factorial(k) for k in range(places + 1)
    )
    parameters = replace(
        OPEN,
        rate=60,
        seconds=600,
        provider_ms=1000,
        provider_sigma=1.0,
        cold_ms=0,
        accounts=10_000,
        concurrency=places,
    )

    found = simulate(parameters).ends["lambda: throttled"]

    assert expected == pytest.approx(0.1059, abs=0.0001)
    assert found == pytest.approx(expected, rel=0.06)


def test_a_reserve_meets_a_transaction_as_often_as_there_is_one() -> None:
    """Poisson arrivals see time averages: transactions a second, times how long each has the item."""
    parameters = replace(OPEN, rate=100, seconds=200, accounts=1, partition="spread", batch=20, window=60,
        settlers=1, pollers=1, transaction_ms=20, settle_own_ms=0, read_ms=0, partition_units=1e9)  # fmt: skip

    found = simulate(parameters).retries["reserve: transaction"]

    # 100 / 20 transactions a second for 20 ms each: p = 0.1; the first wait, up to 50 ms, meets it again at times.
    assert 0.1 <= found <= 0.13


def test_a_partition_passes_its_units_and_no_more() -> None:
    account = Account("a", Parameters(partition_units=1000, buckets=14))

    passed = sum(account.may_write(n / 5000) for n in range(50_000))

    assert passed == pytest.approx(11_000, abs=2)  # ten seconds, and the second's worth it starts with


def test_threads_that_only_wait_for_one_server_wait_as_long_as_there_are_threads() -> None:
    """64 threads at an engine that does 1,258 writes a second: each write takes 64 / 1,258 s, by Little's law."""
    loop, server, took = Loop(), Server(), []

    def thread() -> Process:
        while True:
            seconds = server.serve(loop.now, 1 / 1258)
            yield seconds
            took.append(seconds)

    for _ in range(64):
        loop.start(thread())
    loop.run(until=4.0)

    assert len(took) == pytest.approx(4 * 1258, abs=2)
    assert mean(took) == pytest.approx(0.0509, rel=0.01)
