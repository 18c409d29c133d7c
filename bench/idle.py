"""What a month without a request costs, in the documents: written from the cost model, so that its parts add up.

A document marks the place: what stands between `<!-- idle: ... -->` and `<!-- /idle -->` is written, and never by hand.
"""

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "docs/deploy.md", "docs/performance.md")

_PLACE = re.compile(r"(<!-- idle: (\w+) -->)(.*?)(<!-- /idle -->)", re.DOTALL)


def written(text: str, parts: Mapping[str, float], after_allowances: float) -> str:
    """A document with its places filled: `sum`, `sentence`, `after` or `table`.

    The sum is that of the parts as they are shown, so that whoever adds them up gets it.
    """
    shown = {name: f"{usd:.2f}" for name, usd in parts.items()}
    total = sum(round(100 * float(usd)) for usd in shown.values())
    *first, last = (f"{name} ({usd})" for name, usd in shown.items())
    fillings = {
        "sum": f"{total // 100}.{total % 100:02d} USD",
        "sentence": f"{', '.join(first)} and {last}",
        "after": f"{after_allowances:.2f}",
        "table": "\n| while nothing is asked | a month |\n|---|---|\n"
        + "".join(f"| {name} | {usd} USD |\n" for name, usd in shown.items()),
    }
    return _PLACE.sub(lambda place: place[1] + fillings[place[2]] + place[4], text)


def write(parts: Mapping[str, float], after_allowances: float) -> None:
    """Fill the places of all documents."""
    for name in DOCUMENTS:
        document = ROOT / name
        before = document.read_text(encoding="utf-8")
        document.write_text(written(before, parts, after_allowances), encoding="utf-8")
