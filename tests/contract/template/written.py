"""What the code writes that alarms and dashboards look for."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]


@cache
def code() -> str:
    """All that runs in the cloud."""
    return "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("layers/common/python/aggregator", "functions")
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def metrics_written() -> set[str]:
    """Names of the metrics of our own."""
    calls = re.findall(r"\b(?:count|measure)\(([^()]*)", code())
    return {name for call in calls for name in re.findall(r'"([A-Z]\w+)"', call)}
