"""An earlier commit on the bench: its sources beside ours, and what stands around its functions, made by itself.

How a key, a catalogue and an event look is a commit's own, so its own bench makes them (`stage.py` runs there). The
provider is today's, or, over TLS, its own canned answer.
"""

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from bench import lambdas
from bench.process import Program
from local.paths import BUILD, ROOT

JsonObject = dict[str, Any]

_STAGE = Path(__file__).with_name("stage.py")
_KEPT_IN = BUILD.with_name("earlier")


class Earlier(NamedTuple):
    """A commit's sources in a folder of their own."""

    commit: str
    root: Path

    @property
    def chat(self) -> lambdas.Function:
        """Its chat function."""
        return lambdas.ours("proxy/create_chat_completion", layers=lambdas.HOT, streams=True, root=self.root)

    @property
    def authorizer(self) -> lambdas.Function:
        """Its authorizer."""
        return lambdas.ours("auth/authorizer", layers=lambdas.HOT, root=self.root)


class Stage(NamedTuple):
    """What an earlier commit's functions find: their environment, and events by the kind of chat."""

    environment: dict[str, str]
    chats: dict[str, bytes]
    authorizer: bytes


def checked_out(commit: str) -> Earlier:
    """Bring a commit of this repository into a folder, once."""
    short = _git("rev-parse", "--short", f"{commit}^{{commit}}").decode().strip()
    root = _KEPT_IN / short
    if not root.is_dir():
        partial = root.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        archive = _git("archive", short)
        subprocess.run(["tar", "-x", "-C", str(partial)], input=archive, check=True)  # noqa: S603, S607
        partial.rename(root)
    return Earlier(short, root)


def staged(
    earlier: Earlier, bodies: dict[str, JsonObject], folder: Path, cleanup: ExitStack, provider_url: str = ""
) -> Stage:
    """Start what stands around its functions; without `provider_url`, AWS and the provider are there over TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "stage.json"
    (folder / "bodies.json").write_text(json.dumps(bodies), encoding="utf-8")
    paths = f"{earlier.root}:{earlier.root / 'layers/common/python'}"
    command = [sys.executable, "-P", str(_STAGE), str(folder), provider_url]
    program = cleanup.enter_context(Program(command, folder / "stage.log", {"PYTHONPATH": paths}))
    program.wait_until(told.exists)
    stage = json.loads(told.read_text(encoding="utf-8"))
    chats = {kind: event.encode() for kind, event in stage["chats"].items()}
    return Stage(stage["environment"], chats, stage["authorizer"].encode())


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603, S607
