"""`make reconcile`: run the reconcile function of a stack, print its table, exit 1 if anything does not fit.

Without --stack it is the embedded run's; with it, the one deployed under that name in the account at hand.
`--events FILE` takes `ai_usage` events, one JSON object a line (an archive's, or `usage_lost` log lines), and names
those that have no entry; with `--whole`, because they are all there were, also entries that have no event.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from botocore.config import Config

from local.target import Target

FUNCTION = "BillingReconcileFunction"
PATIENCE = Config(read_timeout=900, retries={"total_max_attempts": 1})


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 sound, 1 not."""
    parser = argparse.ArgumentParser(prog="make reconcile", description="Recompute the ledger.")
    parser.add_argument("--stack", help="name of a deployed stack; the embedded run by default")
    parser.add_argument("--events", type=Path, help="ai_usage events, one JSON object a line")
    parser.add_argument("--whole", action="store_true", help="these are all events there were")
    chosen = parser.parse_args(arguments)
    target = Target(chosen.stack)
    answer = target.client("lambda", PATIENCE).invoke(
        FunctionName=target.resource(FUNCTION),
        Payload=json.dumps({"events": _events(chosen.events), "whole": chosen.whole}).encode(),
    )
    report: dict[str, Any] = json.load(answer["Payload"])
    if "table" not in report:
        print(f"The reconcile function failed: {report.get('errorMessage', report)}", file=sys.stderr)
        return 1
    print(report["table"])
    for request in report["unbooked"]:
        print(f"event without entry: {request}")
    for entry in report["untold"]:
        print(f"entry without event: {entry}")
    for entry in report["mispriced"]:
        print(f"entry not at its price: {entry}")
    return 0 if report["sound"] else 1


def _events(path: Path | None) -> list[Any]:
    """Events of a file; a log line's event is under `event`."""
    if path is None:
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [line.get("event", line) for line in lines]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
