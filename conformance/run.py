"""Run real clients against the embedded stack and write docs/conformance.md: `python -m conformance.run [CLIENT]`.

Ends with 1 if any cell fails.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from platform import python_version
from subprocess import check_output

from conformance.accounts import Api
from conformance.document import counts, document
from conformance.environments import InstallError, clients, install
from conformance.lanes import LANE_CLIENTS, LANES
from conformance.row import Row, run_row
from local.paths import ROOT
from tests.e2e.stack import Stack, start, stop, wait_until_up

PAGE = ROOT / "docs" / "conformance.md"
_AT_ONCE = 2
_SHOWN_LOG = 2000


def main() -> int:
    """Install, run, write, say."""
    parser = argparse.ArgumentParser(prog="python -m conformance.run", description=__doc__)
    parser.add_argument("client", nargs="?", default="", help="only clients whose names begin so")
    parser.add_argument("--at", type=Path, help="folder of a stack that runs already, as .local")
    parser.add_argument("--verbose", action="store_true", help="show every cell, and what the scripts print")
    given = parser.parse_args()
    chosen = clients(given.client)
    if not chosen:
        print(f"No client begins with {given.client!r}.", file=sys.stderr)
        return 1
    try:
        install(chosen)
    except InstallError as failed:
        print(failed, file=sys.stderr)
        return 1
    begun = time.monotonic()
    with stack_at(given.at) as stack:
        api = Api(stack.base_url, stack.admin_key)
        prices = api.prices()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            waiting = [
                pool.submit(run_row, client, script, api, prices)
                for client in chosen
                for script in client.scripts()
            ]
            lanes_waiting = {
                lane.name: [
                    pool.submit(run_row, client, script, api, prices, settings=lane.settings())
                    for client in chosen
                    if client.name in LANE_CLIENTS
                    for script in client.scripts()
                ]
                for lane in LANES
            }
            rows = []
            for done in waiting:
                rows.append(done.result())
                _say(rows[-1], verbose=given.verbose)
            lanes = {}
            for name, all_done in lanes_waiting.items():
                lanes[name] = [done.result() for done in all_done]
                for row in lanes[name]:
                    _say(row, verbose=given.verbose, lane=name)
        api.close()
    seconds = time.monotonic() - begun
    green, all_cells, absent = counts([*rows, *(row for each in lanes.values() for row in each)])
    print(
        f"\n{green} of {all_cells} cells green, {absent} not in a client, {len(rows)} clients, {seconds:.0f} s"
    )
    if not given.client:
        today = datetime.now(UTC).date().isoformat()
        page = document(rows, lanes, date=today, runtimes=_runtimes(), seconds=seconds)
        PAGE.write_text(page, encoding="utf-8")
        print(f"Written to {PAGE.relative_to(ROOT)}")
    return 0 if green == all_cells else 1


@contextmanager
def stack_at(folder: Path | None) -> Iterator[Stack]:
    """The running stack in `folder`, or one that is started and stopped here."""
    if folder is not None:
        yield Stack.of(folder)
        return
    with tempfile.TemporaryDirectory(prefix="conformance-stack-") as own:
        run = start(Path(own))
        try:
            yield wait_until_up(run, Path(own))
        finally:
            stop(run)


def _say(row: Row, *, verbose: bool, lane: str = "") -> None:
    green, all_cells, _ = counts([row])
    behind = f", {lane}" if lane else ""
    print(f"  {green:>3} of {all_cells:<3} {row.seconds:5.1f} s  {row.title}{behind}", flush=True)
    for name, cell in row.cells.items():
        if cell.ok is False or verbose:
            print(f"      {name}: {cell.ok} {cell.detail}", flush=True)
    if verbose and row.log:
        print(row.log[-_SHOWN_LOG:], flush=True)


def _runtimes() -> str:
    node = check_output(["node", "--version"], text=True).strip().removeprefix("v")  # noqa: S607 (the one on PATH)
    return f"Python {python_version()}, Node {node}"


if __name__ == "__main__":
    sys.exit(main())
