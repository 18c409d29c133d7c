"""Money in the model: the same invariants as in the ledger."""

import pytest

from bench.simulation.account import Account, Short
from bench.simulation.model import Run
from bench.simulation.parameters import Parameters
from bench.simulation.report import simulate


@pytest.fixture
def account() -> Account:
    return Account("a", Parameters(balance_usd=10.0))


def test_a_hold_moves_money_and_settling_charges_it(account: Account) -> None:
    account.hold(0.0, 4.0)
    account.owed += 1.5

    account.settle(4.0, 1.5)

    assert (account.available, account.held, account.charged, account.owed) == (8.5, 0.0, 1.5, 0.0)


def test_nothing_is_held_beyond_what_is_available(account: Account) -> None:
    account.hold(0.0, 8.0)

    with pytest.raises(Short):
        account.hold(0.0, 3.0)

    assert (account.available, account.held) == (2.0, 8.0)


def test_what_a_slice_has_left_counts_towards_the_next(account: Account) -> None:
    account.hold(0.0, 8.0)

    account.hold(1.0, 9.0, give_back=7.0)

    assert (account.available, account.held) == (0.0, 10.0)


@pytest.mark.parametrize("slots", [1, 8])
@pytest.mark.parametrize("size", [1, 10])
def test_all_money_is_accounted_for_when_all_is_over(size: int, slots: int) -> None:
    parameters = Parameters(
        rate=80, seconds=30, accounts=3, balance_usd=2.0, slice=size, slots=slots, ready=60 if slots > 1 else 0,
        lost=0.01, slice_share=0.2,
    )  # fmt: skip
    run = Run(parameters)

    run.run()

    for account in run.accounts:
        assert account.available + account.held + account.charged == pytest.approx(2.0)
        assert account.available >= -1e-9
        assert account.held >= -1e-9
        assert account.charged > 0.05


def test_without_loss_and_slices_nothing_stays_held() -> None:
    run = Run(Parameters(rate=80, seconds=30, accounts=3))

    run.run()

    assert [account.held for account in run.accounts] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_each_served_request_is_charged_once() -> None:
    run = Run(Parameters(rate=80, seconds=30, warmup=0, accounts=1, cost_usd=0.001))

    tally = run.run()

    assert tally.ends["served"] > 2000
    assert run.accounts[0].charged == pytest.approx(tally.ends["served"] * 0.001)


def test_a_process_that_dies_leaves_its_hold() -> None:
    run = Run(Parameters(rate=80, seconds=30, warmup=0, accounts=1, lost=0.1, hold_usd=0.01))

    tally = run.run()

    assert tally.ends["process died"] > 100
    assert run.accounts[0].held == pytest.approx(tally.ends["process died"] * 0.01)


def test_an_answer_that_no_provider_gave_costs_nothing() -> None:
    run = Run(Parameters(rate=50, seconds=20, warmup=0, accounts=1, provider_rate=0.001))

    tally = run.run()

    assert tally.ends["provider: 429"] > 500
    assert run.accounts[0].charged == 0
    assert run.accounts[0].available == pytest.approx(1000)


def test_users_who_could_pay_are_refused_while_their_money_is_held() -> None:
    few = Parameters(rate=100, seconds=30, accounts=1, balance_usd=1.5, cost_usd=0.00001)

    found = simulate(few)

    assert found.paying_refused > 0.3
    assert "402: cannot pay" not in found.ends


def test_users_without_money_are_refused_as_such() -> None:
    spent = Parameters(rate=20, seconds=30, accounts=1, balance_usd=0.5, cost_usd=0.009)

    found = simulate(spent)

    assert found.ends["402: cannot pay"] > 0.5


def test_slices_write_less_and_hold_more() -> None:
    plain = Parameters(rate=100, seconds=40, accounts=1, balance_usd=100)
    sliced = Parameters(rate=100, seconds=40, accounts=1, balance_usd=100, slice=20, slice_share=0.05)

    without, with_slices = simulate(plain), simulate(sliced)

    assert without.reserves_from_slices == 0
    assert with_slices.reserves_from_slices > 0.85
    assert with_slices.held_mean > 5 * without.held_mean
