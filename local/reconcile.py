"""`make reconcile`: recompute the whole ledger, print what each account comes to, exit 1 if anything does not fit.

Without --stack it is the embedded run's; with it, the one deployed under that name in the account at hand. It reads the
tables itself, from the first entry on, and writes nothing; what it needs of memory does not grow with the ledger.
`--events FILE` takes `ai_usage` events, one JSON object a line (an archive's, or `usage_lost` log lines), and names
those that have no entry; with `--whole`, because they are all there were, also entries that have no event.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from aggregator.billing.books_store import BooksStore
from aggregator.billing.entry import Entry
from aggregator.billing.examination import Examination
from aggregator.billing.money import to_usd
from aggregator.billing.reconcile import Finding, Reading, begin, examine
from aggregator.billing.repricing import Prices
from aggregator.orchestrator.price_versions import price_versions
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.runtime.boto_client import BotoClient
from local.target import Target

AT_ONCE = 8
_CHUNK = 200
_ALL = sys.maxsize


@dataclass
class Told:
    """What the given events say of one user: `unbooked` have no entry, `untold` are usage entries without an event."""

    unbooked: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)
    expected: frozenset[str] = frozenset()

    def see(self, entry: Entry) -> None:
        """Tell an entry, as often as it is read."""
        self.unbooked.discard(entry.id)
        if entry.kind == "usage" and entry.id not in self.expected:
            self.untold.add(entry.id)


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 sound, 1 not."""
    parser = argparse.ArgumentParser(prog="make reconcile", description="Recompute the ledger.")
    parser.add_argument("--stack", help="name of a deployed stack; the embedded run by default")
    parser.add_argument("--events", type=Path, help="ai_usage events, one JSON object a line")
    parser.add_argument("--whole", action="store_true", help="these are all events there were")
    chosen = parser.parse_args(arguments)
    target = Target(chosen.stack)
    dynamodb = BotoClient("dynamodb", client=target.client("dynamodb"))
    books = BooksStore(dynamodb, target.resource("BillingTable"))
    catalogue = CatalogueReader(dynamodb, target.resource("OrchestratorTable")).current(datetime.now(UTC))
    how = Reading(time.time(), Prices(price_versions(catalogue)), most_named=_ALL)
    expected = _expected(chosen.events)
    return print_table(reconcile(books, how, expected, whole=chosen.whole))


def reconcile(
    books: BooksStore, how: Reading, expected: dict[str, set[str]] | None = None, *, whole: bool = False
) -> Iterator[tuple[Finding, Told]]:
    """Examine every account from its first entry on, and every user who is named in `expected`, its request ids."""
    left = dict(expected or {})

    def one(user_id: str) -> tuple[Finding, Told]:
        ids = left.get(user_id, set())
        told = Told(set(ids), expected=frozenset(ids))
        here = replace(how, seen=told.see)
        found = examine(books, begin(books, user_id, here, whole=True), here)
        if isinstance(found, Examination):
            raise TypeError("an examination without an end")
        if not whole:
            told.untold.clear()
        return found, told

    users = (listed.user_id for listed in books.listed() if listed.user_id is not None)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while some := list(islice(users, _CHUNK)):
            yield from pool.map(one, some)
            for user_id in some:
                left.pop(user_id, None)
        yield from pool.map(one, sorted(left))


def print_table(examined: Iterable[tuple[Finding, Told]]) -> int:
    """A line an account as it is done, then the sums, then every name; 1 if anything does not fit."""
    accounts = entries = drift = orphans = loss = 0
    names: list[str] = []
    print(
        f"{'user':<24} {'entries':>8} {'total USD':>16} {'drift':>12} {'orphans':>8} {'loss USD':>14}  what"
    )
    for row, told in examined:
        print(
            f"{row.user_id:<24} {row.entries:>8} {to_usd(row.total_nano_usd):>16} {row.drift_nano_usd:>12} "
            f"{row.orphan_holds:>8} {to_usd(row.loss_nano_usd):>14}  {_remark(row, told)}"
        )
        accounts, entries, drift = accounts + 1, entries + row.entries, drift + abs(row.drift_nano_usd)
        orphans, loss = orphans + row.orphan_holds, loss + row.loss_nano_usd
        names += [f"{row.user_id}: {misfit}" for misfit in row.misfits]
        names += [f"event without entry: {each}" for each in sorted(told.unbooked)]
        names += [f"entry without event: {each}" for each in sorted(told.untold)]
        names += [f"entry not at its price: {each}" for each in row.mispriced]
    print(
        f"{accounts} accounts, {entries} entries, drift {drift} nano-USD, {orphans} orphan holds, "
        f"loss {to_usd(loss)} USD"
    )
    print(*names, sep="\n", end="\n" if names else "")
    return 1 if names else 0


def _remark(row: Finding, told: Told) -> str:
    remarks = [
        "DRIFT" if row.misfits else "",
        f"{row.mispriced_entries} mispriced" if row.mispriced else "",
        f"{len(told.unbooked)} events without entry" if told.unbooked else "",
        f"{len(told.untold)} entries without event" if told.untold else "",
        "" if row.settled else "busy, today not judged",
    ]
    return ", ".join(each for each in remarks if each) or "ok"


def _expected(path: Path | None) -> dict[str, set[str]]:
    """Request ids by user; a log line's event is under `event`."""
    expected: dict[str, set[str]] = {}
    if path is not None:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.strip():
                    said: dict[str, Any] = json.loads(line)
                    event = said.get("event", said)
                    expected.setdefault(event["userId"], set()).add(event["requestId"])
    return expected


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
