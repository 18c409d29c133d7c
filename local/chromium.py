"""The browser that the tests look at the pages with: Debian's Chromium, found, or installed where we may.

`python3 -m local.setup browser` calls this. It never fails a set-up: where there is no browser, the tests that want
one are skipped and say which package to install. Runs on a bare python3.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

VARIABLE = "CHROMIUM"
"""Names another browser, by its path."""
NAMES = ("chromium", "google-chrome")
MISSING = (
    "no Chromium on this machine: install the package `chromium` (Debian: apt install chromium), "
    f"or name a Chromium or Chrome with {VARIABLE}=/path"
)

_OS_RELEASE = Path("/etc/os-release")
_QUICK_TO_GIVE_UP = [
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
    "-o",
    "DPkg::Lock::Timeout=120",
]
_AGAIN_AFTER_SECONDS = 3600


def found() -> str | None:
    """Path of the browser, if there is one."""
    return os.environ.get(VARIABLE) or next(filter(None, map(shutil.which, NAMES)), None)


def ensure(given_up: Path) -> None:
    """Install Chromium if it is missing and we are root on Debian; say what was done, or what a person can do.

    `given_up` is a file that remembers a failed try, so that a machine without network is not asked at every call.
    """
    if found() or _is_young(given_up):
        return
    if not may_install():
        print(f"  Tests in a browser will be skipped: {MISSING}.", flush=True)
        return
    print("Installing Debian's chromium with apt, for the tests in a browser (once).", flush=True)
    start = time.monotonic()
    said = _apt("update") or _apt("install", "--yes", "--no-install-recommends", "chromium")
    if said is None and found():
        print(f"  {time.monotonic() - start:5.1f} s  chromium", flush=True)
        return
    given_up.parent.mkdir(parents=True, exist_ok=True)
    given_up.touch()
    print(
        f"  apt could not:\n{said or 'it left none'}\n  Tests in a browser will be skipped: {MISSING}.",
        flush=True,
    )


def may_install() -> bool:
    """Whether we are root on Debian."""
    is_debian = _OS_RELEASE.exists() and "ID=debian" in _OS_RELEASE.read_text(encoding="utf-8").splitlines()
    return os.geteuid() == 0 and is_debian and shutil.which("apt-get") is not None


def _apt(*arguments: str) -> str | None:
    """Run apt-get; None, or the end of what it said when it failed."""
    done = subprocess.run(  # noqa: S603 (fixed commands)
        ["apt-get", "--quiet", *_QUICK_TO_GIVE_UP, *arguments],  # noqa: S607 (wherever root has it)
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    return (done.stdout + done.stderr)[-800:] if done.returncode else None


def _is_young(given_up: Path) -> bool:
    return given_up.exists() and time.time() - given_up.stat().st_mtime < _AGAIN_AFTER_SECONDS
