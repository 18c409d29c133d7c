"""docs/conformance.md, written from a run."""

from collections.abc import Sequence

from conformance.checks import CHECKS
from conformance.lanes import LaneRows
from conformance.row import Cell, Row

_MARKS = {True: "✓", False: "**✗**", None: "·"}
_LONGEST_DETAIL = 160


def counts(rows: Sequence[Row]) -> tuple[int, int, int]:
    """Cells that are green, all cells that can be, and those of things that a client does not do."""
    cells = [cell for row in rows for cell in row.cells.values()]
    absent = sum(cell.ok is None for cell in cells)
    return sum(cell.ok is True for cell in cells), len(cells) - absent, absent


def document(rows: Sequence[Row], lanes: LaneRows, *, date: str, runtimes: str, seconds: float) -> str:
    """The whole page, its rows in the order of their titles."""
    rows = sorted(rows, key=lambda row: row.title.lower().lstrip("@"))
    green, all_cells, absent = counts(rows)
    green_on_lanes, all_on_lanes, _ = counts([row for each in lanes.values() for row in each])
    return f"""\
# Conformance

Real, unmodified clients against the embedded stack: `make conformance` installs each into an environment of
its own, runs its script in `conformance/clients/`, and writes this page. `make conformance CLIENT=openai` runs some of
them and writes nothing.

**{green} of {all_cells} cells green**, {len(rows)} clients, {date}, {runtimes}, {seconds:.0f} s.

{_matrix(rows)}

✓ works, **✗** fails, · not in this client ({absent} cells; why stands below).

## By lane

The same checks of the SDKs that all others stand on, with another dialect behind them each time: **{green_on_lanes} of
{all_on_lanes} cells green**. Where it is the client's own the lane is [native](surfaces.md), elsewhere what is said
is translated.

{_by_lane(lanes)}

## What each column proves

| | |
|---|---|
{_legend()}

The provider is the stand-in (`local/standin`), told by the message what to do: answer, fail, take its time. It speaks
each provider's own dialect at its own path, so a call goes through the encoder that it goes through in the cloud. A
relay that changes no byte stands between client and API, so tries are counted on the wire, and each answer's
`x-request-id` is looked up in the ledger. What a request ought to cost is computed from the published prices, apart
from the platform's own code.

## Client by client

{_details(rows)}
"""


def _matrix(rows: Sequence[Row]) -> str:
    head = "| | " + " | ".join(name.replace("_", " ") for name in CHECKS) + " |"
    rule = "|---|" + ":-:|" * len(CHECKS)
    lines = [
        f"| {row.title} | " + " | ".join(_MARKS[row.cells[check].ok] for check in CHECKS) + " |"
        for row in rows
    ]
    return "\n".join([head, rule, *lines])


def _by_lane(lanes: LaneRows) -> str:
    titles = sorted({row.title for rows in lanes.values() for row in rows})
    green = {
        (name, row.title): "{} of {}".format(*counts([row])) for name, rows in lanes.items() for row in rows
    }
    lines = [
        f"| {title} | " + " | ".join(green.get((name, title), "") for name in lanes) + " |"
        for title in titles
    ]
    return "\n".join(["| | " + " | ".join(lanes) + " |", "|---|" + "---|" * len(lanes), *lines])


def _legend() -> str:
    return "\n".join(f"| {name.replace('_', ' ')} | {what} |" for name, what in CHECKS.items())


def _details(rows: Sequence[Row]) -> str:
    return "\n\n".join(_detail(row) for row in rows)


def _detail(row: Row) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in row.versions.items())
    lines = [f"| {name.replace('_', ' ')} | {_words(cell)} |" for name, cell in row.cells.items()]
    script = f"[script](../conformance/clients/{row.name.partition('/')[0]})"
    head = [f"### {row.title}", "", f"{versions or 'versions unknown'}; {script}", "", "| | |", "|---|---|"]
    return "\n".join([*head, *lines])


def _words(cell: Cell) -> str:
    detail = " ".join(cell.detail.replace("|", "\\|").split())
    if len(detail) > _LONGEST_DETAIL:
        detail = detail[:_LONGEST_DETAIL] + " ..."
    return f"{_MARKS[cell.ok]} {detail}".strip()
