"""Runs modules of the pages in node, without a page: those that only read and write text."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from local.console import PAGES


def run(source: str, said: bytes = b"", *, zone: str = "UTC") -> Any:
    """JSON that a module prints; it imports pages as `./name.js`, and `said` comes by its standard input.

    `zone` is the reader's zone of time.

    Raises:
        AssertionError: node is not there, or the module failed.
    """
    node = shutil.which("node")
    assert node is not None, "node 18 or newer is needed"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PAGES, folder, ignore=shutil.ignore_patterns("vendor"), dirs_exist_ok=True)
        Path(folder, "package.json").write_text('{"type": "module"}', encoding="utf-8")
        Path(folder, "asked.js").write_text(source, encoding="utf-8")
        ran = subprocess.run(  # noqa: S603 - node, and what the test says
            [node, "asked.js"],
            cwd=folder,
            env=os.environ | {"TZ": zone},
            input=said,
            capture_output=True,
            check=False,
            timeout=60,
        )
    assert ran.returncode == 0, ran.stderr.decode()
    return json.loads(ran.stdout)
