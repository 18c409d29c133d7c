"""What each client runs in: an environment of its own under .venv/conformance-*, pinned and hashed.

From PyPI by requirements.txt, from npm by package-lock.json; by package.json alone where npm cannot make a lock, for
opencode has a package for each kind of machine, not all of which are published. A stamp beside each environment holds
the hash of what it was made from.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.paths import ROOT, VENV
from local.setup import uv

CLIENTS = Path(__file__).parent / "clients"
_REQUIREMENTS = "requirements.txt"
_NPM = ("package.json", "package-lock.json")
_NPM_FLAGS = ("--no-audit", "--no-fund", "--loglevel=error")


class InstallError(Exception):
    """An environment could not be made; the message is the installer's."""


@dataclass(frozen=True)
class Client:
    """A folder of `clients/`: what to install, and the scripts to run in it.

    `python` is another interpreter that has what it needs, in place of its environment's.
    """

    name: str
    python: str | None = None

    @property
    def folder(self) -> Path:
        """Where its scripts and pins are."""
        return CLIENTS / self.name

    @property
    def home(self) -> Path:
        """Its environment."""
        return VENV / f"conformance-{self.name.replace('_', '-')}"

    @property
    def is_node(self) -> bool:
        """Whether it runs on Node; on Python otherwise."""
        return (self.folder / "package.json").exists()

    def scripts(self) -> list[str]:
        """Names of its scripts; each is a row of the matrix."""
        return sorted(each.name for each in self.folder.glob("check*.mjs" if self.is_node else "check*.py"))

    def command(self, script: str) -> list[str]:
        """How a script is run. Scripts for Node stand beside what they import, so they are copied there."""
        if not self.is_node:
            return [self.python or str(self.home / "bin" / "python"), str(self.folder / script)]
        for source in (CLIENTS / "kit.mjs", *self.folder.glob("*.mjs")):
            shutil.copy(source, self.home)
        return ["node", str(self.home / script)]


def clients(beginning: str = "") -> list[Client]:
    """All clients whose names begin so."""
    folders = (each for each in CLIENTS.iterdir() if any(each.glob("check*")))
    return [Client(each.name) for each in sorted(folders) if each.name.startswith(beginning)]


def install(wanted: Iterable[Client]) -> None:
    """Make the environments that are missing or out of date.

    Raises:
        InstallError: one could not be made.
    """
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(_install, client) for client in wanted]:
            done.result()


def _install(client: Client) -> None:
    files = [client.folder / name for name in (_NPM if client.is_node else (_REQUIREMENTS,))]
    made_from = b"".join(each.read_bytes() for each in files if each.exists())
    fingerprint = hashlib.sha256(made_from + f"{sys.version}{ROOT}".encode()).hexdigest()
    stamp = client.home.with_name(f"{client.home.name}.stamp")
    if client.home.is_dir() and stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint:
        return
    print(f"  installing {client.home.name} (once)", flush=True)
    if client.is_node:
        _npm(client)
    else:
        _pip(client)
    stamp.write_text(fingerprint, encoding="utf-8")


def _pip(client: Client) -> None:
    _call([str(uv()), "venv", "--quiet", "--clear", "--python", sys.executable, str(client.home)])
    locked = ["--quiet", "--require-hashes", "--python", str(client.home / "bin" / "python")]
    _call([str(uv()), "pip", "sync", *locked, str(client.folder / _REQUIREMENTS)])


def _npm(client: Client) -> None:
    shutil.rmtree(client.home, ignore_errors=True)
    client.home.mkdir(parents=True)
    locked = (client.folder / "package-lock.json").exists()
    for name in _NPM if locked else _NPM[:1]:
        shutil.copy(client.folder / name, client.home / name)
    # Agents put their program for this machine in place by a script of their own.
    how = ["ci", "--ignore-scripts"] if locked else ["install"]
    _call(["npm", *how, *_NPM_FLAGS], client.home)


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
