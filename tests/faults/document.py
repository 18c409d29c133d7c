"""docs/faults.md: what the run found, as tables."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults.everything import Everything
from tests.faults.kills import RUNS_EACH
from tests.faults.rows import BatchRow, Row

PLACE = Path(__file__).parents[2] / "docs" / "faults.md"

_INTRODUCTION = """\
# Faults

What a client sees, what is charged and what stays held, for each fault at each call on the path, each way in which a
provider fails, and a process that is killed at each moment. `make faults` writes this page from a run: the real
functions in their own processes, against the deployed template in the emulator, with the faults injected at the wire.
The tests in `tests/faults` fail when it is not so any more. What the words mean: [money](money.md).

In every line: at most one entry for a request, and what is not charged is there to be spent after the deadline of the
hold at the latest. After all of them, each account is the sum of its entries.

- **tries**: how many calls of that action came over the wire for one request.
- **held at once**: what the account holds at the moment the client has its answer. Undisturbed, that is the bound,
  until the event is settled; of a hold that was large against the account it is the cost, for the rest is back.
- **charged**: what the ledger says once everything that arrived is settled, each event delivered twice.
- **after the deadline**: what of the balance can be spent then, without anybody doing anything.
"""

_KILLED = """\
`kill -9` at exactly that moment: the call is held on the wire, or the provider takes its time. {runs} runs, {each} of
each.
"""

_CHAT_HEADS = ("fault", "the client sees", "tries", "held at once", "charged", "after the deadline")
_PROVIDER_HEADS = ("the provider", "the client sees", "held at once", "charged", "after the deadline")
_KILL_HEADS = ("when", "the client sees", "held at once", "charged", "after the deadline", "runs")
_BATCH_HEADS = ("fault at the first delivery", "first delivery", "tries", "deliveries", "in the end")


def render(found: Everything) -> str:
    """The whole page."""
    parts = [_INTRODUCTION, "## A chat, while AWS fails\n"]
    calls = [row for row in found.disturbed if row.section != "call: the provider"]
    provider = [row for row in found.disturbed if row.section == "call: the provider"]
    parts += _sections(calls, _CHAT_HEADS)
    parts += [
        "## A chat, while its provider fails\n",
        _table(_PROVIDER_HEADS, [row.line for row in provider]),
    ]
    parts += [
        "## The process is killed\n",
        _KILLED.format(runs=len(found.killed), each=RUNS_EACH),
        _table(_KILL_HEADS, _counted([row.line for row in found.killed])),
        "## Settling and publishing, while AWS fails\n",
        "A batch of three is delivered with the fault, then what is to come again without it.\n",
        *_sections(found.delivered, _BATCH_HEADS),
    ]
    return "\n".join(parts)


def _sections(rows: Sequence[Row | BatchRow], heads: Sequence[str]) -> Iterable[str]:
    sections: dict[str, list[str]] = {}
    for row in rows:
        sections.setdefault(row.section, []).append(row.line)
    for section, lines in sections.items():
        yield f"### {section[0].upper()}{section[1:]}\n"
        yield _table(heads, lines)


def _counted(lines: Sequence[str]) -> list[str]:
    """Equal lines once, with their number."""
    return [f"{line} {lines.count(line)} |" for line in dict.fromkeys(lines)]


def _table(heads: Sequence[str], lines: Iterable[str]) -> str:
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *lines, ""])
