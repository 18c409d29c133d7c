"""(i) Who is served: workloads on a small balance, of the money that a policy which knows the future would serve."""

from dataclasses import asdict
from typing import Any

from bench.served.table import measured

JsonObject = dict[str, Any]


def measure(*, quick: bool) -> JsonObject:
    """A row for each workload under each policy; a model, so that it says the same each time."""
    seeds = 3 if quick else 20
    return {"seeds": seeds, "rows": [asdict(row) for row in measured(seeds)]}
