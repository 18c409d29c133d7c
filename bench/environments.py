"""What the bench runs on, installed once: peers, plots, the usual style, and a bare interpreter for functions.

Each into an environment of its own under .venv/, pinned and hashed: from PyPI by requirements/*.txt, from npm by
requirements/portkey/package-lock.json. A stamp beside each holds the hash of what it was made from.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.paths import ROOT, VENV
from local.setup import uv

_REQUIREMENTS = Path(__file__).parent / "requirements"

LAMBDA = VENV / "bench-lambda"
"""An interpreter with nothing installed, as Lambda's is; what a function imports comes from its layers."""
PLOT = VENV / "bench-plot"
LITELLM = VENV / "bench-litellm"
TENSORZERO = VENV / "bench-tensorzero"
USUAL = VENV / "bench-usual"
PORTKEY = VENV / "bench-portkey"


class InstallError(Exception):
    """An environment could not be made; the message is the installer's."""


def install() -> dict[str, str]:
    """Install what is missing, all at once; return what could not be, by name, with the reason."""
    wanted: dict[str, Callable[[], None]] = {
        "lambda": _bare_interpreter,
        "plot": lambda: _python(PLOT, "plot.txt"),
        "litellm": lambda: _python(LITELLM, "litellm.txt"),
        "tensorzero": lambda: _python(TENSORZERO, "tensorzero.txt"),
        "usual": _packages_of_the_usual_style,
        "portkey": _portkey,
    }
    with ThreadPoolExecutor() as pool:
        started = {name: pool.submit(make) for name, make in wanted.items()}
    failed = {name: str(done.exception()) for name, done in started.items() if done.exception()}
    for needed in ("lambda", "usual"):
        if needed in failed:
            raise InstallError(failed[needed])
    return failed


def versions() -> dict[str, str]:
    """The versions of what is compared."""
    pinned = {
        name.strip(): version.split()[0]
        for file in ("litellm.in", "tensorzero.in", "usual.in", "plot.in")
        for name, _, version in _pins((_REQUIREMENTS / file).read_text(encoding="utf-8"))
    }
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)  # noqa: S607
    return {"python": sys.version.split()[0], "node": node.stdout.strip(), **pinned, **_npm_pins()}


def _pins(text: str) -> list[tuple[str, str, str]]:
    return [line.partition("==") for line in text.splitlines() if "==" in line and not line.startswith("#")]


def _npm_pins() -> dict[str, str]:
    import json  # noqa: PLC0415 (only here)

    package = json.loads((_REQUIREMENTS / "portkey" / "package.json").read_text(encoding="utf-8"))
    return dict(package["dependencies"]) | dict(package["overrides"])


def _bare_interpreter() -> None:
    def make() -> None:
        python: str = getattr(sys, "_base_executable", sys.executable)
        _call([python, "-m", "venv", "--clear", "--without-pip", str(LAMBDA)])

    _once(LAMBDA, sys.version.encode(), make)


def _python(home: Path, requirements: str) -> None:
    file = _REQUIREMENTS / requirements

    def make() -> None:
        _call([str(uv()), "venv", "--quiet", "--clear", "--python", sys.executable, str(home)])
        locked = ["--quiet", "--require-hashes", "--python", str(home / "bin" / "python")]
        _call([str(uv()), "pip", "sync", *locked, str(file)])

    _once(home, file.read_bytes(), make)


def _packages_of_the_usual_style() -> None:
    """As a layer is built: into a folder, compiled, for the interpreter at hand."""
    file = _REQUIREMENTS / "usual.txt"

    def make() -> None:
        shutil.rmtree(USUAL, ignore_errors=True)
        locked = ["--quiet", "--require-hashes", "--python", sys.executable, "--target", str(USUAL)]
        _call([str(uv()), "pip", "install", *locked, "-r", str(file)])
        compiled = ["-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash", str(USUAL)]
        _call([sys.executable, *compiled])

    _once(USUAL, file.read_bytes(), make)


def _portkey() -> None:
    source = _REQUIREMENTS / "portkey"

    def make() -> None:
        shutil.rmtree(PORTKEY, ignore_errors=True)
        shutil.copytree(source, PORTKEY)
        _call(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], PORTKEY)

    _once(PORTKEY, (source / "package-lock.json").read_bytes(), make)


def _once(home: Path, made_from: bytes, make: Callable[[], None]) -> None:
    stamp = home.with_name(f"{home.name}.stamp")
    fingerprint = hashlib.sha256(made_from + f"{sys.version}{ROOT}".encode()).hexdigest()
    if not (home.is_dir() and stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint):
        print(f"  installing {home.name} (once)", flush=True)
        make()
        stamp.write_text(fingerprint, encoding="utf-8")


def _call(command: list[str], folder: Path = ROOT) -> None:
    environment = {**os.environ, "VIRTUAL_ENV": ""}
    try:
        done = subprocess.run(  # noqa: S603 (fixed commands)
            command, cwd=folder, capture_output=True, text=True, check=False, env=environment
        )
    except OSError as missing:
        raise InstallError(f"{command[0]} is not there: {missing}") from missing
    if done.returncode:
        raise InstallError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"[-3000:])
