"""Who can pay is served: the platform's own rules on drawn workloads, against a policy that knows the future."""

import pytest

from aggregator.billing.cost import cost_of
from aggregator.billing.money import to_usd
from aggregator.billing.price import Price, Usage
from bench.served.fit import Fit
from bench.served.table import Row, at_first, measured
from bench.served.workloads import KINDS, LONG, USD, Call, Kind

SEEDS = 3


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], Row]:
    return {(row.workload, row.policy): row for row in measured(SEEDS)}


@pytest.mark.parametrize("workload", [kind.name for kind in KINDS if kind.name != LONG])
def test_holds_that_fit_serve_nearly_all_that_the_ideal_serves(
    rows: dict[tuple[str, str], Row], workload: str
) -> None:
    row = rows[workload, "holds that fit"]

    assert row.least_served >= 0.95
    assert row.most_cut < 0.05
    assert row.overspent_nano_usd == 0


def test_what_was_held_whole_served_far_less(rows: dict[tuple[str, str], Row]) -> None:
    """The model tells policies apart: what agents lost is what was seen."""
    served = [rows[name, "whole bound"].served for name in ("agent", "eight agents", LONG)]

    assert [round(each, 2) for each in served] == [0.77, 0.6, 0.6]


def test_who_reserves_no_more_than_an_estimate_overspends(rows: dict[tuple[str, str], Row]) -> None:
    assert {
        policy: any(row.overspent_nano_usd for row in rows.values() if row.policy == policy)
        for policy in {row.policy for row in rows.values()}
    } == {
        "whole bound": False,
        "holds that fit": False,
        "LiteLLM, on paper": True,
        "OpenRouter, on paper": True,
    }


def test_four_prompts_of_160_kb_at_once_are_served_by_five_dollars() -> None:
    """None of them has ended when the last one comes."""
    price, via = at_first("claude-opus-4-8")
    usage = Usage(input_tokens=32_000, output_tokens=20)
    wallet = Fit(5 * USD, price, via)

    admitted = [wallet.admit(Call(0.0, 160_000, 64_000, usage), now=0.0) for _ in range(4)]

    held = [each and to_usd(each.hold.amount_nano_usd) for each in admitted]
    assert held == ["1.8104", "0.7974", "0.59805", "0.4485375"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_workload_asks_for_a_quarter_more_than_its_balance_pays(kind: Kind) -> None:
    price = Price(version="1", input=3_000_000_000, output=15_000_000_000)
    workload = kind.drawn(price, seed=1)
    costs = [cost_of(call.usage, price) for calls in workload.senders for call in calls]

    assert len(workload.senders) == kind.senders
    assert 0 <= sum(costs) - 1.25 * kind.balance_nano_usd < max(costs)
