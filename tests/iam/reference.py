"""Ask AWS's reference of actions, resources and condition keys, and a simulator of policies; both are packages of npm.

They are pinned with hashes in package-lock.json, and lie in `.local/iam`.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from local.paths import ROOT

HERE = Path(__file__).parent
_FOLDER = ROOT / ".local" / "iam"

JsonObject = dict[str, Any]


def problems_of(statements: list[JsonObject]) -> list[list[str]]:
    """What is wrong with each statement: `{"actions", "resources", "conditions": [[operator, key], ...]}`."""
    problems: list[list[str]] = _ask({"statements": statements})
    return problems


def outcomes_of(calls: list[JsonObject]) -> list[str]:
    """`Allowed`, `ImplicitlyDenied` or `ExplicitlyDenied` for each call of `{"role", "action", "resource", ...}`.

    `context` are the condition keys of the call, `policies` the role's. A call that AWS does not know
    is answered with an error's text.
    """
    outcomes: list[str] = _ask({"calls": calls})
    return outcomes


def _ask(asked: JsonObject) -> Any:
    node = shutil.which("node")
    assert node, "node is not installed"
    done = subprocess.run(  # noqa: S603 (our own script)
        [node, str(HERE / "policies.mjs")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NODE_PATH": str(_packages())},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _packages() -> Path:
    """Where the packages are, installed if what is wanted has changed."""
    npm = shutil.which("npm")
    assert npm, "npm is not installed"
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = _FOLDER / "stamp"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        _FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, _FOLDER)
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=_FOLDER, check=True, capture_output=True)  # noqa: S603 (npm, on our own lock file)
        stamp.write_text(wanted, encoding="utf-8")
    return _FOLDER
