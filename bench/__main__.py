"""`make bench`: measure everything, print the table, write results.json and the plots. QUICK=1 for a short look.

BEFORE=COMMIT measures today's code against an earlier commit as well, in turns. ONLY=warm,start measures those parts
anew and leaves the others in results.json as they are; when each was measured stands beside it there.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import (
    environments,
    machine,
    part_before,
    part_consumers,
    part_counts,
    part_growth,
    part_memory,
    part_reconcile,
    part_served,
    part_start,
    part_warm,
    plots,
)
from bench.cost import RESULTS, Model
from bench.goals import goals
from bench.report import table

JsonObject = dict[str, Any]


def main() -> int:
    """Measure, and say which goals are met."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer samples and sizes; writes no results")
    parser.add_argument(
        "--before", metavar="COMMIT", help="an earlier commit to measure today's code against"
    )
    parser.add_argument(
        "--only", metavar="PARTS", default="", help="parts to measure, with commas between them"
    )
    options = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.exit(1, "The bench reads CPU and memory from /proc: it runs on Linux only.\n")
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        parts = _parts(Path(scratch), missing, before=options.before, quick=options.quick)
        wanted = options.only.split(",") if options.only else list(parts)
        if unknown := set(wanted) - set(parts):
            parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
        results = _measured({name: parts[name] for name in wanted}, missing, quick=options.quick)
    print(table(results))
    if not options.quick:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print("\nwritten: bench/results.json,", ", ".join(plots.draw(results["figures"])))
    missed = [goal["name"] for goal in results["goals"] if not goal["met"]]
    print(
        f"\n{len(results['goals']) - len(missed)} of {len(results['goals'])} goals met",
        *missed,
        sep="\n  not: ",
    )
    return 0


def _parts(
    folder: Path, missing: dict[str, str], *, before: str | None, quick: bool
) -> dict[str, Callable[[], JsonObject]]:
    parts: dict[str, Callable[[], JsonObject]] = {
        "start": lambda: part_start.measure(folder, runs=3 if quick else 11),
        "warm": lambda: part_warm.measure(
            folder,
            missing,
            rounds=3 if quick else 20,
            plain=40 if quick else 200,
            streamed=15 if quick else 40,
        ),
        "counts": lambda: part_counts.measure(folder),
        "memory": lambda: part_memory.measure(folder, requests=2_000 if quick else 20_000),
        "consumers": lambda: part_consumers.measure(folder, events=400 if quick else 2_000),
        "reconcile": lambda: part_reconcile.measure(folder, quick=quick),
        "growth": lambda: part_growth.measure(folder, quick=quick),
        "served": lambda: part_served.measure(quick=quick),
    }
    if before is not None:
        parts["before"] = lambda: part_before.measure(
            folder, before, missing, rounds=6 if quick else 40, starts=2 if quick else 21
        )
    return parts


def _measured(
    parts: dict[str, Callable[[], JsonObject]], missing: dict[str, str], *, quick: bool
) -> JsonObject:
    """What was measured now, beside what `results.json` has of the other parts."""
    missing.update(environments.install())
    kept = (
        json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"figures": {}, "runs": {}}
    )
    figures, runs = kept["figures"], kept["runs"]
    for name, part in parts.items():
        begun = {"at": machine.now(), "commit": machine.commit(), "load": machine.load_average()}
        figures[name] = _timed(name, part)
        runs[name] = begun | {"ended": machine.now(), "loadAtEnd": machine.load_average(), "quick": quick}
    prices = json.loads((Path(__file__).parent / "prices.json").read_text(encoding="utf-8"))
    return {
        "versions": environments.versions(),
        "machine": machine.machine(),
        "runs": runs,
        "figures": figures,
        "goals": goals(figures, Model(figures, prices)),
        "notMeasured": missing | NOT_HERE,
    }


NOT_HERE = {
    "the cloud": "no AWS account: time in API Gateway, Lambda's own overhead, network and real tables are not in here",
    "arm64": "measured on the processor of this machine; Lambda runs the functions on Graviton",
    "256 MB": "a process here has a whole core; a function of 256 MB has 14 % of one, so its CPU takes 7 times as long",
    "the kernel's instructions": "not counted: valgrind counts those of the process alone",
}


def _timed(name: str, part: Callable[[], JsonObject]) -> JsonObject:
    start = time.monotonic()
    measured = part()
    print(f"  {time.monotonic() - start:6.1f} s  {name}", flush=True)
    return measured


if __name__ == "__main__":
    sys.exit(main())
