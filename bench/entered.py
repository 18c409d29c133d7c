"""How many Python functions a warm request enters: a count of what it does that is the same on every machine."""

import re
from pathlib import Path

from bench import lambdas
from bench.lambdas import FunctionProcess

_WARM_UP, _COUNTED = 3, 5


def entered(code: lambdas.Function, environment: dict[str, str], event: bytes, log: Path) -> int:
    """The fewest of a few requests, after as many that load what is loaded when first used."""
    log.unlink(missing_ok=True)
    with FunctionProcess(lambdas.counted(code), environment, log) as process:
        for _ in range(_WARM_UP + _COUNTED):
            process.invoke(event)
    counts = [int(number) for number in re.findall(r"counted: (\d+)", log.read_text(encoding="utf-8"))]
    return min(counts[_WARM_UP:])
