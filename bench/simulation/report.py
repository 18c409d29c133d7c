"""A run's figures, as a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.simulation.model import Run
from bench.simulation.parameters import Parameters
from bench.simulation.prices import per_million
from bench.simulation.tally import SERVED


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to. Shares are of the requests that arrived after the warm-up; ages in seconds."""

    served: float
    ends: dict[str, float]
    added_p50_ms: float
    added_p99_ms: float
    waited_p99_ms: float
    cold_share: float
    cold_p99_ms: float
    busy_most: int
    environments: int
    queue_age_p50: float
    queue_age_p99: float
    backlog_end: int
    batch_mean: float
    held_mean: float
    held_most: float
    paying_refused: float
    reserves_from_slices: float
    retries: dict[str, float]
    usd_per_million: dict[str, float]


def simulate(parameters: Parameters) -> Figures:
    """Run the model once."""
    run = Run(parameters)
    tally = run.run()
    arrived = tally.arrived or 1
    warm, cold = sorted(tally.added_ms), sorted(tally.cold_added_ms)
    idle = parameters.own_ms + parameters.update_ms + parameters.bus_ms
    walks = tally.calls["bus"] + tally.calls["straight to the queue"] or 1
    return Figures(
        served=tally.ends[SERVED] / arrived,
        ends={end: number / arrived for end, number in tally.ends.most_common() if end != SERVED},
        added_p50_ms=quantile(warm, 0.5),
        added_p99_ms=quantile(warm, 0.99),
        waited_p99_ms=max(0.0, quantile(warm, 0.99) - idle),
        cold_share=len(cold) / ((len(warm) + len(cold)) or 1),
        cold_p99_ms=quantile(cold, 0.99),
        busy_most=max(tally.busy, default=0),
        environments=run.fleet.count,
        queue_age_p50=quantile(sorted(tally.queue_ages), 0.5),
        queue_age_p99=quantile(sorted(tally.queue_ages), 0.99),
        backlog_end=tally.backlog[-1] if tally.backlog else 0,
        batch_mean=sum(tally.batches) / (len(tally.batches) or 1),
        held_mean=sum(tally.held_shares) / (len(tally.held_shares) or 1),
        held_most=max(tally.held_shares, default=0.0),
        paying_refused=tally.ends["402: could pay"] / arrived,
        reserves_from_slices=tally.calls["from a slice"] / walks,
        retries={what: number / walks for what, number in tally.retries.most_common()},
        usd_per_million=per_million(parameters, tally),
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of an ordered sample lies (nearest rank); 0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def printed(figures: Figures) -> str:
    """All figures for a person to read."""
    money = figures.usd_per_million
    rows = [
        ("served", f"{figures.served:.2%}"),
        *((f"  not: {end}", f"{share:.2%}") for end, share in figures.ends.items()),
        ("paying users refused (402)", f"{figures.paying_refused:.2%}"),
        ("latency added, warm: p50 / p99", f"{figures.added_p50_ms:.1f} / {figures.added_p99_ms:.1f} ms"),
        ("  of the p99, waiting and retries", f"{figures.waited_p99_ms:.1f} ms"),
        ("cold starts", f"{figures.cold_share:.2%}, p99 {figures.cold_p99_ms:.0f} ms"),
        ("environments: made / busy at most", f"{figures.environments:,} / {figures.busy_most:,}"),
        ("until settled: p50 / p99", f"{figures.queue_age_p50:.2f} / {figures.queue_age_p99:.2f} s"),
        ("queue when arrivals end", f"{figures.backlog_end:,} messages"),
        ("messages in a batch, mean", f"{figures.batch_mean:.1f}"),
        ("held of all money: mean / most", f"{figures.held_mean:.3%} / {figures.held_most:.3%}"),
        ("reserves without a write (slices)", f"{figures.reserves_from_slices:.1%}"),
        *((f"retry, {what}", f"{share:.3f} a request") for what, share in figures.retries.items()),
        ("cost of a million, walk and settle", f"{sum(money.values()):.2f} USD"),
        *((f"  {name}", f"{usd:.2f} USD") for name, usd in money.items()),
    ]
    return _columns(rows)


def _columns(rows: Iterable[tuple[str, str]]) -> str:
    listed = list(rows)
    width = max(len(name) for name, _ in listed)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in listed)
