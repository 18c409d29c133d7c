"""The figures of docs/scale.md: which runs they show. draw.py turns them into PNG, in the bench's plot environment."""

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.simulation.parameters import Parameters
from bench.simulation.report import Figures, simulate
from local.paths import ROOT, VENV
from local.setup import uv

FOLDER = ROOT / "docs" / "figures"

_PLOT = VENV / "bench-plot"
_REQUIREMENTS = ROOT / "bench" / "requirements" / "plot.txt"

Line = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: lines by name."""

    y: str
    lines: dict[str, Line]
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """One PNG: panels side by side over the same x."""

    name: str
    title: str
    x: str
    panels: list[Panel]
    logarithmic: bool = False


Measure = Callable[[Figures], float]

OPEN = Parameters(
    gateway_rate=1e9, gateway_burst=1e9, concurrency=1_000_000, scale_rate=1e9, scale_burst=1e9, seconds=45
)
"""No limit in front of what a figure shows."""
HOT = replace(OPEN, accounts=1, balance_usd=5000.0)
MANY = replace(OPEN, accounts=10_000)


def drawings() -> list[Drawing]:
    """Run everything; about two minutes of CPU."""
    return [_hot_account(), _batches(), _settlers(), _slices(), _balance(), _bursts()]


def write_figures(folder: Path = FOLDER) -> list[str]:
    """Run, draw, and say what was written."""
    _install()
    folder.mkdir(parents=True, exist_ok=True)
    told = json.dumps({"folder": str(folder), "drawings": [asdict(each) for each in drawings()]})
    command = [str(_PLOT / "bin" / "python"), str(Path(__file__).with_name("draw.py"))]
    headless = {"MPLBACKEND": "Agg"}
    done = subprocess.run(command, input=told, env=headless, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.splitlines()


def _hot_account() -> Drawing:
    rates = [50, 100, 200, 300, 400, 500, 600, 800, 1000]
    found = {
        name: _over(rates, [replace(HOT, rate=rate, partition=name) for rate in rates])
        for name in ("together", "apart", "spread")
    }
    return Drawing("scale-hot-account", "One account takes all requests (batches of 25)", "requests a second", [
        Panel("added latency, p99 (ms)", _lines(found, lambda each: each.added_p99_ms)),
        Panel("refused 503 (%)", _lines(found, _busy)),
        Panel("until settled, p99 (s)", _lines(found, lambda each: each.queue_age_p99), logarithmic=True),
    ])  # fmt: skip


def _batches() -> Drawing:
    sizes = [5, 10, 15, 25, 50, 75, 99]
    apart = replace(HOT, rate=300, partition="apart")
    found = {
        f"transaction of {ms} ms": _over(
            sizes, [replace(apart, batch=size, transaction_ms=ms) for size in sizes]
        )
        for ms in (10, 20, 40)
    }
    return Drawing("scale-batch", "One account at 300 requests a second: settle's batches", "messages a batch", [
        Panel("collisions with settle, a request", _lines(found, _collisions)),
        Panel("refused 503 (%)", _lines(found, _busy)),
        Panel("until settled, p99 (s)", _lines(found, lambda each: each.queue_age_p99), logarithmic=True),
    ])  # fmt: skip


def _settlers() -> Drawing:
    rates = [100, 200, 300, 350, 400, 450, 500, 700, 1000]
    found = {
        f"{settlers} functions": _over(rates, [replace(MANY, rate=rate, settlers=settlers) for rate in rates])
        for settlers in (10, 20, 30)
    }
    return Drawing("scale-settlers", "10,000 accounts: settle's concurrency", "requests a second", [
        Panel("until settled, p99 (s)", _lines(found, lambda each: each.queue_age_p99), logarithmic=True),
        Panel("queue after 45 s (messages)", _lines(found, lambda each: each.backlog_end)),
    ])  # fmt: skip


def _slices() -> Drawing:
    sizes = [1, 2, 5, 10, 20, 50, 100]
    hot = replace(HOT, rate=1000, partition="spread", batch=99)
    found = {
        "one request an environment": _over(sizes, [replace(hot, slice=size) for size in sizes]),
        "32 requests an environment": _over(
            sizes, [replace(hot, slice=n, slots=32, ready=150) for n in sizes]
        ),
    }
    return Drawing("scale-slices", "One account at 1,000 requests a second: credit slices", "requests a slice", [
        Panel("reserve writes a second", _lines(found, _writes_of_thousand), logarithmic=True),
        Panel("added latency, p99 (ms)", _lines(found, lambda each: each.added_p99_ms)),
        Panel("held of 5,000 USD, mean (%)", _lines(found, lambda each: 100 * each.held_mean), logarithmic=True),
    ], logarithmic=True)  # fmt: skip


def _balance() -> Drawing:
    balances = [1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 15]
    one = replace(HOT, rate=100, batch=99, cost_usd=0.00001)
    found = {
        "no slices": _over(balances, [replace(one, balance_usd=b) for b in balances]),
        **{
            f"slices of 20, at most {share:.0%}": _over(
                balances, [replace(one, balance_usd=b, slice=20, slice_share=share) for b in balances]
            )
            for share in (0.01, 0.05, 0.2)
        },
    }
    return Drawing("scale-balance", "One account at 100 requests a second: how much money it needs", "balance (USD)", [
        Panel("refused 402 though it could pay (%)", _lines(found, lambda each: 100 * each.paying_refused)),
        Panel("held, mean (%)", _lines(found, lambda each: 100 * each.held_mean)),
    ])  # fmt: skip


def _bursts() -> Drawing:
    factors = [1, 2, 4, 6, 8, 10, 15]
    cloud = replace(MANY, rate=200, seconds=50, scale_rate=100, scale_burst=1000, settlers=100)
    found = {
        "quota 1,000": _over(factors, [replace(cloud, burst_factor=f, concurrency=1000) for f in factors]),
        "quota 10,000": _over(factors, [replace(cloud, burst_factor=f, concurrency=10_000) for f in factors]),
        "quota 10,000, 2,000 provisioned": _over(
            factors, [replace(cloud, burst_factor=f, concurrency=10_000, ready=2000) for f in factors]
        ),
    }
    return Drawing("scale-bursts", "200 requests a second, then for 5 s so many times more", "times", [
        Panel("throttled by Lambda (%)", _lines(found, lambda each: 100 * each.ends.get("lambda: throttled", 0))),
        Panel("cold starts (%)", _lines(found, lambda each: 100 * each.cold_share)),
    ])  # fmt: skip


Found = list[tuple[float, Figures]]


def _over(values: Sequence[float], runs: Iterable[Parameters]) -> Found:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(zip(values, pool.map(simulate, runs), strict=True))


def _lines(found: dict[str, Found], measure: Measure) -> dict[str, Line]:
    return {name: [(x, measure(figures)) for x, figures in each] for name, each in found.items()}


def _collisions(figures: Figures) -> float:
    return figures.retries.get("reserve: transaction", 0)


def _busy(figures: Figures) -> float:
    return 100 * figures.ends.get("reserve: 503", 0)


def _writes_of_thousand(figures: Figures) -> float:
    return 1000 * (1 - figures.reserves_from_slices)


def _install() -> None:
    if (_PLOT / "bin" / "python").exists():
        return
    commands: list[list[str]] = [
        [str(uv()), "venv", "--quiet", str(_PLOT)],
        [
            str(uv()), "pip", "sync", "--quiet", "--require-hashes", "--python", str(_PLOT / "bin" / "python"),
            str(_REQUIREMENTS),
        ],
    ]  # fmt: skip
    for command in commands:
        subprocess.run(command, check=True)  # noqa: S603 (fixed commands)
