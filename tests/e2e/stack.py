"""A running embedded stack as tests see it: started as `make run` starts it, on a port and in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import urllib3

from aggregator.orchestrator.load_catalogue import packaged
from local.providers import address_variable
from local.standin.judged import VARIABLE

JsonObject = dict[str, Any]

ROOT = Path(__file__).parents[2]
START_SECONDS = 300
STOP_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    """Where it is, and who may call it."""

    base_url: str
    api_key: str
    admin_key: str
    user_id: str
    stand_in_url: str
    emulator_url: str
    resources: dict[str, str]
    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read what the run wrote."""
        said = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return cls(
            base_url=said["baseUrl"],
            api_key=said["apiKey"],
            admin_key=said["adminKey"],
            user_id=said["userId"],
            stand_in_url=said["standInUrl"],
            emulator_url=said["emulatorUrl"],
            resources=said["resources"],
            folder=folder,
        )

    def output(self) -> str:
        """What the run printed so far."""
        return (self.folder / "output.log").read_text(encoding="utf-8")

    def asked(self, mark: str = "") -> list[JsonObject]:
        """The requests that reached providers and hold `mark` in their bodies, as the stand-in kept them."""
        kept = urllib3.request("GET", f"{self.stand_in_url}/__standin/requests").json()["requests"]
        return [each for each in kept if mark in str(each["body"])]


def start(
    folder: Path, *, port: int = 0, cors_origins: str = "", otlp_endpoint: str = ""
) -> "subprocess.Popen[bytes]":
    """Start a run that keeps its files in `folder`; no provider's key or address in our environment reaches it.

    Pages of `cors_origins` may call it; requests are told to `otlp_endpoint`.
    """
    providers = packaged()["providers"]
    theirs = {each.get("keyVariable") for each in providers} | {address_variable(each) for each in providers}
    environment = {name: value for name, value in os.environ.items() if name not in theirs}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output.log").open("wb") as output:
        return subprocess.Popen(  # noqa: S603 (our own program)
            [
                *(sys.executable, "-m", "local", "--port", str(port)),
                *("--cors-origins", cors_origins, "--otlp-endpoint", otlp_endpoint),
            ],
            cwd=ROOT,
            env=environment | {"AGGREGATOR_LOCAL_DIR": str(folder), VARIABLE: "tests.judge.judging:misfits"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_up(run: "subprocess.Popen[bytes]", folder: Path) -> Stack:
    """Return the stack once it is seeded; what it printed is in the failure if it does not come up."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and run.poll() is None:
        if (folder / "run.json").exists():
            return Stack.of(folder)
        time.sleep(0.05)
    raise AssertionError(f"the stack did not come up:\n{(folder / 'output.log').read_text()}")


def stop(run: "subprocess.Popen[bytes]", number: int = signal.SIGTERM) -> int:
    """Stop a run as Ctrl-C does; return its exit status."""
    if run.poll() is None:
        run.send_signal(number)
    return run.wait(STOP_SECONDS)


def descendants(pid: int) -> dict[int, str]:
    """All processes that `pid` started, and that those started: their command lines by id."""
    listed = _processes()
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        new = {each.pid: each.command for each in listed if each.parent == parent and each.pid not in found}
        found |= new
        waiting.extend(new)
    return found


def alive(pids: Iterable[int]) -> set[int]:
    """Those of the processes that still run."""
    return set(pids) & {each.pid for each in _processes() if not each.state.startswith("Z")}


class _Process(NamedTuple):
    pid: int
    parent: int
    state: str
    command: str


def _processes() -> list[_Process]:
    command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603
    fields = [line.split(maxsplit=3) for line in lines]
    return [_Process(int(pid), int(parent), state, "".join(rest)) for pid, parent, state, *rest in fields]
