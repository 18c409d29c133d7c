"""Instructions of a start and of a warm request, counted by valgrind: the same however busy the machine is.

Of the process itself, the kernel's not among them. Counted are three runs: some requests of each kind, more plain ones,
more streams; what each request takes is the difference. Linux only, and only where valgrind is installed.
"""

import re
import shutil
from pathlib import Path

from bench.lambdas import Function, FunctionProcess

FEW, MANY = "few counted chunks", "many counted chunks"
CHUNKS_MORE = 30
"""Streams whose chunks come one by one, and how many more the longer one has."""

_FEW, _MORE = 20, 80
_STREAMS = 4
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")


def can_count() -> bool:
    """Whether valgrind is there."""
    return shutil.which("valgrind") is not None


def instructions(
    code: Function, environment: dict[str, str], events: dict[str, bytes], folder: Path
) -> dict[str, int]:
    """Instructions of the start, of a warm request of each kind and, where there are events for it, of a chunk."""
    few = dict.fromkeys(("plain", "stream"), _FEW)
    base = _run(code, environment, events, few, folder)
    each = {
        kind: (_run(code, environment, events, few | {kind: _MORE}, folder) - base) // (_MORE - _FEW)
        for kind in few
    }
    told = {"start": base - _FEW * sum(each.values()), **each}
    if FEW in events:
        few_chunks, many_chunks = (
            _run(code, environment, events, {kind: _STREAMS}, folder) for kind in (FEW, MANY)
        )
        told["chunk"] = (many_chunks - few_chunks) // (_STREAMS * CHUNKS_MORE)
    return told


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
