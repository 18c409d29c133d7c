"""What the runtime tests need of the machine; a missing tool fails the test, for a skip would hide it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.fixture(scope="session")
def functions() -> Path:
    """Folder of the functions that these tests run."""
    return HERE / "functions"


@pytest.fixture(scope="session")
def node_client() -> list[str]:
    """Command that runs AWS's own streaming client, in the version that node/package.json pins."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "node is not installed"
    assert npm, "npm is not installed"
    cache = ROOT / ".local/node-ric"
    package = cache / "node_modules/aws-lambda-ric"
    wanted = json.loads((HERE / "node/package.json").read_text())["dependencies"]["aws-lambda-ric"]
    if not package.exists() or json.loads((package / "package.json").read_text())["version"] != wanted:
        cache.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "node/package.json", cache)
        install = [npm, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=cache, check=True, capture_output=True)  # noqa: S603 - npm, on our own package.json
    return [node, "--require", str(HERE / "node/without-native.cjs"), str(package / "index.mjs")]
