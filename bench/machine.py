"""Where it was measured: what a reader must know to compare."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.paths import ROOT

JsonObject = dict[str, Any]


def machine() -> JsonObject:
    """Processor, cores, memory, system, and how busy it is with other things."""
    processor = next(
        (line.partition(":")[2].strip() for line in _read("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory_kb = next(
        (int(line.split()[1]) for line in _read("/proc/meminfo") if line.startswith("MemTotal")), 0
    )
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memoryGb": round(memory_kb / 1024 / 1024, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def load_average() -> list[float]:
    """Running processes over the last 1, 5 and 15 minutes; ours are among them."""
    return [round(each, 2) for each in os.getloadavg()]


def now() -> str:
    """Return the moment, for the record."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str:
    """Which sources were measured; `+` where they were changed since."""
    asked = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


def _read(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
