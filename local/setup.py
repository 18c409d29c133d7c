"""Install what the project needs, once: `python3 -m local.setup dev emulator sam browser`.

Runs on a bare python3 with its standard library. uv comes from PyPI first and installs all the rest, each set
of tools into a virtual environment of its own, because their pins exclude each other. A stamp beside each
environment holds the hash of what it was made from, so a second run does nothing and needs no network.
`browser` is the machine's own Chromium, which Debian's apt installs where we are root and it is missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local import chromium

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
SOURCES = (ROOT / "layers" / "common" / "python", ROOT)
OLDEST_PYTHON = (3, 11)

# name -> (where the environment lives, what it is for)
ENVIRONMENTS = {
    "dev": (VENV, "the development tools"),
    "emulator": (VENV / "emulator", "the AWS emulator"),
    "sam": (VENV / "sam", "the SAM command line"),
    "focus": (VENV / "focus", "the validator of bills"),
}

BROWSER = "browser"


class SetupError(Exception):
    """Something a person has to put right; the message says what."""


def main(names: list[str]) -> int:
    """Install the environments called `names`, all at once; say what was done and how long it took."""
    try:
        _check_python()
        with ThreadPoolExecutor() as beside:
            browser = beside.submit(chromium.ensure, VENV / "browser.stamp") if BROWSER in names else None
            missing = [name for name in names if name != BROWSER and not _is_current(name)]
            if missing:
                _install_all(missing)
            if browser:
                browser.result()
    except SetupError as failed:
        print(f"\n{failed}", file=sys.stderr)
        return 1
    return 0


def python_of(name: str) -> Path:
    """Interpreter of an environment."""
    return ENVIRONMENTS[name][0] / "bin" / "python"


def uv() -> Path:
    """Where the installer is, once `main` ran."""
    return VENV / "uv" / "bin" / "uv"


def _check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise SetupError(
            f"Python {wanted} or newer is needed, this is {sys.version.split()[0]}.\n"
            "Name another one: make run PYTHON=python3.13"
        )


def _install_all(names: list[str]) -> None:
    print(f"Installing {_list_of([ENVIRONMENTS[name][1] for name in names])} (once).", flush=True)
    if not _same(_stamp("uv"), _fingerprint("uv")):
        _timed("the installer (uv)", _bootstrap_uv)
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(_timed, ENVIRONMENTS[name][1], _install, name) for name in names]:
            done.result()


def _bootstrap_uv() -> None:
    home = VENV / "uv"
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    locked = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    wanted = ["-r", str(REQUIREMENTS / "uv.txt")]
    try:  # two seconds quicker than a virtual environment with a pip of its own
        _call([sys.executable, "-m", "pip", "install", *locked, "--target", str(home), *wanted])
    except SetupError:
        _call([sys.executable, "-m", "venv", "--clear", str(home)])
        _call([str(home / "bin" / "python"), "-m", "pip", "install", *locked, *wanted])
    _write_stamp("uv")


def _install(name: str) -> None:
    home = ENVIRONMENTS[name][0]
    _call([str(uv()), "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(home)])
    locked = ["--quiet", "--require-hashes", "--python", str(home / "bin" / "python")]
    _call([str(uv()), "pip", "sync", *locked, str(REQUIREMENTS / f"{name}.txt")])
    if name == "dev":
        _make_importable(home)
    if name == "focus":
        _install_validator(home)
    _write_stamp(name)


def _install_validator(home: Path) -> None:
    """FOCUS's validator itself, of which there is no wheel: it wants Python 3.12, `local/focus_check.py` helps out."""
    alone = ["--no-deps", "--no-build-isolation", "--ignore-requires-python", "--no-warn-script-location"]
    pip = [str(home / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    _call([*pip, *alone, "--require-hashes", "-r", str(REQUIREMENTS / "focus-validator.txt")])


def _make_importable(home: Path) -> None:
    """Let tests, type checker and IDE import our own sources, as an editable install would, without a build."""
    (packages,) = home.glob("lib/python*/site-packages")
    lines = "".join(f"{source}\n" for source in SOURCES)
    (packages / "ai_aggregator_platform.pth").write_text(lines, encoding="utf-8")


def _call(command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 (fixed commands)
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "VIRTUAL_ENV": ""}
    )
    if done.returncode:
        hint = ""
        if "ensurepip" in done.stdout + done.stderr:
            hint = "\nOn Debian and Ubuntu: apt install python3-venv"
        raise SetupError(f"{' '.join(command)}\nfailed:\n{done.stdout}{done.stderr}{hint}")


def _timed(what: str, work: Callable[..., None], *arguments: str) -> None:
    start = time.monotonic()
    work(*arguments)
    print(f"  {time.monotonic() - start:5.1f} s  {what}", flush=True)


def _is_current(name: str) -> bool:
    return python_of(name).exists() and _same(_stamp(name), _fingerprint(name))


def _fingerprint(name: str) -> str:
    wanted = b"".join(each.read_bytes() for each in sorted(REQUIREMENTS.glob(f"{name}*.txt")))
    made_by = f"{sys.version}{sys.executable}{ROOT}".encode()
    return hashlib.sha256(wanted + made_by).hexdigest()


def _stamp(name: str) -> Path:
    return VENV / f"{name}.stamp"


def _same(stamp: Path, fingerprint: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint


def _write_stamp(name: str) -> None:
    _stamp(name).write_text(_fingerprint(name), encoding="utf-8")


def _list_of(things: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(things[:-1]), things[-1]]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
