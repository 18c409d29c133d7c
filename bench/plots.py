"""The plots of docs/performance.md: what was measured, for bench/simulation/draw.py."""

import json
import subprocess
from pathlib import Path
from typing import Any

from bench import environments
from local.paths import ROOT

JsonObject = dict[str, Any]

FOLDER = ROOT / "docs" / "figures"
_DRAW = Path(__file__).parent / "simulation" / "draw.py"

_SERIES: dict[str, tuple[str, bool, dict[str, tuple[str, ...]]]] = {
    "environments": ("environments at once, a provider of 0.25 s", True, {
        "requests a second": ("requestsPerSecond",),
        "CPU a request, ms": ("cpuMsPerRequest",),
        "memory of each, MB": ("memoryMbPerEnvironment",),
    }),
    "promptBytes": ("bytes of the prompt", True, {"CPU, ms": ("cpuMs",), "memory, MB": ("memoryMb",)}),
    "chunks": ("chunks of the stream", True, {"CPU, ms": ("cpuMs",), "memory, MB": ("memoryMb",)}),
    "models": ("models in the catalogue", False, {
        "CPU to start, ms": ("startCpuMs",),
        "CPU of a warm chat, ms": ("warmCpuMs",),
        "memory, MB": ("memoryMb",),
    }),
    "ledgerEntries": ("entries in the account's ledger", True, {
        "calls": ("hold: calls", "settle ten: calls", "balance: calls"),
        "KB read": ("settle ten: KB read", "balance: KB read", "a page of the statement: KB read"),
    }),
}  # fmt: skip


def draw(figures: JsonObject) -> list[str]:
    """Draw all; return the names of the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = {"folder": str(FOLDER), "drawings": [*_growth(figures["growth"]), _memory(figures["memory"])]}
    done = subprocess.run(  # noqa: S603 (our own script)
        [str(environments.PLOT / "bin" / "python"), str(_DRAW)],
        input=json.dumps(told),
        env={"MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def _growth(growth: JsonObject) -> list[JsonObject]:
    return [
        {
            "name": f"performance-{name.lower()}",
            "title": f"By {label}",
            "x": label,
            "logarithmic": logarithmic,
            "panels": [
                {
                    "y": y,
                    "logarithmic": False,
                    "lines": {
                        each: list(zip(growth[name]["sizes"], growth[name]["values"][each], strict=True))
                        for each in lines
                    },
                }
                for y, lines in panels.items()
            ],
        }
        for name, (label, logarithmic, panels) in _SERIES.items()
    ]


def _memory(memory: JsonObject) -> JsonObject:
    return {
        "name": "performance-memory",
        "title": "Memory of the chat function",
        "x": "requests",
        "logarithmic": False,
        "panels": [{"y": "MB", "logarithmic": False, "lines": {"resident": memory["series"]}}],
    }
