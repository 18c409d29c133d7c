"""`make objectives`: what the running stack keeps of its objectives, from the logs of its functions.

Answers are counted where models are called; times are the same metrics that CloudWatch has of a deployment.
"""

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.logs import lines_of
from local.observing.objectives import OBJECTIVES, Objective
from local.paths import local_dir
from local.target import read_run

JsonObject = dict[str, Any]

HOURS = 24.0
_REQUEST = "request"
_FAILED = 500


def main() -> int:
    """Print a line for each objective; 1 if one is not kept."""
    run = read_run()
    since = int((time.time() - HOURS * 3600) * 1000)
    said = [line.partition("  ")[2] for line in lines_of(run["emulatorUrl"], run["region"], since)]
    for log in sorted(Path(local_dir()).glob("Proxy*.log")):
        said += log.read_text(encoding="utf-8", errors="replace").splitlines()
    kept, text = report(parsed(said))
    print(text)
    return 0 if kept else 1


def parsed(lines: Iterable[str]) -> list[JsonObject]:
    """Those of the lines that are JSON objects."""
    found = []
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            found.append(said)
    return found


def report(lines: Sequence[JsonObject]) -> tuple[bool, str]:
    """Whether all objectives are kept, and a table of what each comes to; of what nobody asked nothing is said."""
    rows = [_row(objective, *_measured(objective, lines)) for objective in OBJECTIVES]
    head = f"{'objective':<14} {'target':>8} {'kept':>8} {'of':>7} {'p50 ms':>8} {'p99 ms':>8}  what"
    return all(kept for kept, _ in rows), "\n".join([head, *(text for _, text in rows)])


def _measured(objective: Objective, lines: Sequence[JsonObject]) -> tuple[int, list[float]]:
    """How many were good, and the values: times, or for answers their statuses."""
    if objective.metric is None:
        statuses = [float(line["status"]) for line in lines if line.get("message") == _REQUEST]
        return sum(status < _FAILED for status in statuses), statuses
    times = values_of(lines, objective.metric)
    return sum(value <= objective.within_ms for value in times), times


def values_of(lines: Iterable[Mapping[str, Any]], metric: str) -> list[float]:
    """Values of a metric in the embedded metric format: one, or a list of them, a line."""
    found: list[float] = []
    for line in lines:
        if "_aws" in line and metric in line:
            value = line[metric]
            found += value if isinstance(value, list) else [value]
    return found


def _row(objective: Objective, good: int, values: list[float]) -> tuple[bool, str]:
    if not values:
        return True, f"{objective.name:<14} {objective.target_percent:>7}% {'-':>8} {0:>7}"
    percent = 100 * good / len(values)
    times = ("", "") if objective.metric is None else tuple(f"{_rank(values, p):.0f}" for p in (50, 99))
    kept = percent >= objective.target_percent
    return kept, (
        f"{objective.name:<14} {objective.target_percent:>7}% {percent:>7.2f}% {len(values):>7} "
        f"{times[0]:>8} {times[1]:>8}  {'' if kept else 'NOT KEPT: '}{objective.promise}"
    )


def _rank(values: list[float], percent: int) -> float:
    """Nearest rank."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


if __name__ == "__main__":
    sys.exit(main())
