"""What runs come to, over many draws, and how it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from aggregator.billing.price import Price
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.model import Route
from bench.served.fit import Fit
from bench.served.policies import Ideal, LiteLlm, OpenRouter, Policy, Whole
from bench.served.run import Run, Tally
from bench.served.workloads import KINDS, USD, Kind

POLICIES: tuple[type[Policy], ...] = (Whole, Fit, LiteLlm, OpenRouter)


@dataclass(frozen=True, slots=True)
class Row:
    """A workload under a policy: medians over the draws, and the worst of them.

    `served` is of the money that the ideal serves; `cut` is the share of answers that the balance cut short before its
    last tenth; `refused` is how many requests were refused in vain: their true cost was there; `overspent` is
    in nano-US-dollars.
    """

    workload: str
    policy: str
    served: float
    least_served: float
    cut: float
    most_cut: float
    refused: float
    overspent_nano_usd: int


def measured(seeds: int) -> list[Row]:
    """All workloads under all policies."""
    rows = []
    for kind in KINDS:
        price, via = at_first(kind.model)
        ideal = [_run(kind, Ideal, via, price, seed) for seed in range(seeds)]
        rows += [
            _row(kind, policy, [_run(kind, policy, via, price, seed) for seed in range(seeds)], ideal)
            for policy in POLICIES
        ]
    return rows


def at_first(model: str) -> tuple[Price, Route]:
    """A model's first route, and its price; nobody here asks a cache to keep anything for an hour."""
    catalogue = Catalogue(merged(packaged(), None, None, region="us-east-1"), 1)
    via = catalogue.model(model).routes[0]
    return via.price_at(datetime(2026, 11, 28, tzinfo=UTC))._replace(cache_write_hour=None), via


def printed(rows: Sequence[Row]) -> str:
    """The table, in Markdown."""
    lines = [
        "| workload | policy | served, of the ideal | at worst | cut short | at worst | refused in vain | overspent |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.workload} | {row.policy} | {row.served:.3f} | {row.least_served:.3f} | {row.cut:.1%} | "
        f"{row.most_cut:.1%} | {row.refused:g} | {row.overspent_nano_usd / USD:.2f} USD |"
        for row in rows
    ]
    return "\n".join(lines)


def _run(kind: Kind, policy: type[Policy], via: Route, price: Price, seed: int) -> Tally:
    return Run(kind.drawn(price, seed), policy(kind.balance_nano_usd, price, via), seed).run()


def _row(kind: Kind, policy: type[Policy], tallies: Sequence[Tally], ideal: Sequence[Tally]) -> Row:
    served = [one.served_nano_usd / best.served_nano_usd for one, best in zip(tallies, ideal, strict=True)]
    cut = [one.cut / one.served if one.served else 0.0 for one in tallies]
    return Row(
        workload=kind.name,
        policy=policy.name,
        served=median(served),
        least_served=min(served),
        cut=median(cut),
        most_cut=max(cut),
        refused=median(one.refused_with_money for one in tallies),
        overspent_nano_usd=max(one.overspent_nano_usd for one in tallies),
    )
