"""Instructions of a start and of a warm request, counted by valgrind: the same however busy the machine is.

Of the process itself, the kernel's not among them. Counted are three runs: some requests of each kind, more plain ones,
more streams; what each request takes is the difference. Linux only, and only where valgrind is installed.
"""

import re
import shutil
from pathlib import Path

from bench.lambdas import Function, FunctionProcess

_FEW, _MORE = 20, 80
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")


def can_count() -> bool:
    """Whether valgrind is there."""
    return shutil.which("valgrind") is not None


def instructions(
    code: Function, environment: dict[str, str], events: dict[str, bytes], folder: Path
) -> dict[str, int]:
    """Instructions of the start, and of a warm request of each kind."""
    few = dict.fromkeys(("plain", "stream"), _FEW)
    base = _run(code, environment, events, few, folder)
    each = {
        kind: (_run(code, environment, events, few | {kind: _MORE}, folder) - base) // (_MORE - _FEW)
        for kind in few
    }
    return {"start": base - _FEW * sum(each.values()), **each}


def _run(
    code: Function,
    environment: dict[str, str],
    events: dict[str, bytes],
    counts: dict[str, int],
    folder: Path,
) -> int:
    told = folder / "valgrind.log"
    counting = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    fixed = environment | {"PYTHONHASHSEED": "0"}
    counted = code._replace(under=(*counting, f"--log-file={told}"))
    with FunctionProcess(counted, fixed, folder / "instructions.log") as process:
        for kind, count in counts.items():
            for _ in range(count):
                process.invoke(events[kind])
        process.leave()
    found = _COUNTED.search(told.read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError(f"valgrind counted nothing: {told.read_text(encoding='utf-8')[-300:]}")
    return int(found[1].replace(",", ""))
