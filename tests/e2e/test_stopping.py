"""Runs of their own that are stopped, or lose what they need: nothing is left behind."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.caller import ApiCaller, eventually
from tests.e2e.stack import alive, descendants, start, stop, wait_until_up


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    run = start(tmp_path)
    stack = wait_until_up(run, tmp_path)
    caller = ApiCaller(stack.base_url, stack.api_key)
    assert caller.chat("hello").status == 200
    started = descendants(run.pid)

    status = stop(run, number)

    caller.close()
    assert status == 0
    assert (
        len(started) >= 6
    )  # emulator and stand-in, each on its leash; a function in the front door, one behind it
    assert eventually(lambda: alive(started), lambda left: not left) == set()
    assert not (tmp_path / "run.json").exists()
    assert stack.output().endswith("Stopped. Nothing is left running, and nothing was kept.\n")


def test_a_run_that_is_stopped_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    run = start(tmp_path)
    eventually((tmp_path / "emulator.log").exists, bool)
    started = descendants(run.pid)

    status = stop(run)

    assert status == 0
    assert started
    assert eventually(lambda: alive(started), lambda left: not left) == set()


def test_when_the_emulator_dies_the_run_ends_and_says_why(tmp_path: Path) -> None:
    run = start(tmp_path)
    wait_until_up(run, tmp_path)
    started = descendants(run.pid)
    (emulator,) = [
        pid for pid, command in started.items() if "shared_layers.py" in command and "leash.py" not in command
    ]

    os.kill(emulator, signal.SIGKILL)
    status = run.wait(60)

    assert status == 1
    assert "The AWS emulator ended. The last lines of" in (tmp_path / "output.log").read_text()
    assert eventually(lambda: alive(started), lambda left: not left) == set()
