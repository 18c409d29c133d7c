"""What is new in the newest SDKs: `python -m local.drift`; `--pinned` looks at the installed ones, without a network.

Installs today's anthropic, openai, google-genai and botocore from PyPI into `.local/drift` and compares the fields of
their requests with those that have a class (`aggregator/proxy/dialects/fields.py` and `published.py`).
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aggregator.proxy.dialects.published import ALL
from local import sdk_fields
from local.paths import ROOT

_SCRATCH = ROOT / ".local" / "drift"
_CLASSES = ("plain", "hint", "steering", "priced", "stored")


def new_fields(found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """By dialect, fields of SDKs that have no class here."""
    return {
        dialect: new
        for dialect, names in found.items()
        if (new := [n for n in names if n not in ALL[dialect]])
    }


def report(said: Mapping[str, Any], pinned: Mapping[str, str]) -> Iterator[str]:
    """What there is to know, in lines."""
    for name, version in said["versions"].items():
        yield f"{name} {version}" + ("" if pinned.get(name) == version else f" (pinned: {pinned.get(name)})")
    for dialect, fields in ALL.items():
        kinds = Counter(field.kind for field in fields.values())
        counts = ", ".join(f"{kinds[kind]} {kind}" for kind in _CLASSES)
        yield f"{dialect}: {len(fields)} fields classed ({counts}); {len(said['fields'][dialect])} in the SDK"
    new = new_fields(said["fields"])
    yield from (f"new in {dialect}: {', '.join(names)}" for dialect, names in new.items())
    if not new:
        yield "nothing new: every field has a class"


def _asked(python: Path) -> dict[str, Any]:
    """What the SDKs of an environment have."""
    command = [python, Path(sdk_fields.__file__)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
    return found


def _newest() -> Path:
    """The interpreter of an environment with today's SDKs."""
    uv = os.environ.get("UV", str(ROOT / ".venv/uv/bin/uv"))
    print(f"installing today's {', '.join(sdk_fields.SDKS)} from PyPI into {_SCRATCH.relative_to(ROOT)}")
    subprocess.run([uv, "venv", "--quiet", "--clear", _SCRATCH], check=True)  # noqa: S603
    python = _SCRATCH / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *sdk_fields.SDKS], check=True)  # noqa: S603
    return python


def main() -> int:
    """Say what is new; new fields are news, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m local.drift", description=__doc__)
    parser.add_argument("--pinned", action="store_true", help="look at the installed SDKs alone")
    pinned = _asked(Path(sys.executable))
    said = pinned if parser.parse_args().pinned else _asked(_newest())
    print("\n".join(report(said, pinned["versions"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
