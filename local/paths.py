"""Where the embedded run keeps what it makes: everything under `.local/`, ignored by git."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
EMULATOR_PYTHON = VENV / "emulator" / "bin" / "python"
TEMPLATE = ROOT / "template.yaml"

# Shared by all runs: it is keyed by content, so runs cannot disagree about it.
BUILD = ROOT / ".local" / "build"


def local_dir() -> Path:
    """Folder of this run: logs, `run.json`, `env.json`. AGGREGATOR_LOCAL_DIR names another, for a second stack."""
    return Path(os.environ.get("AGGREGATOR_LOCAL_DIR") or ROOT / ".local")
