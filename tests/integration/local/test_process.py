import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.process import LEASH, Process, StartError, clean_environment

# Writes its own and its child's process id and its scratch folder, then sleeps.
PROGRAM = """
import os, subprocess, sys, tempfile, time
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, tempfile.mkdtemp(), flush=True)
time.sleep(60)
"""
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + PROGRAM


def is_alive(pid: int) -> bool:
    """Whether it runs: one that has ended and is not yet waited for does not, and it may be gone at any moment."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path(
            "/proc"
        ).is_dir()  # without such a folder, that the signal was taken is all there is to know


def wait_until_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 60
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(is_alive(pid) for pid in pids)


def said(log: Path) -> list[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if log.exists() and (words := log.read_text().split()):
            return words
        time.sleep(0.02)
    raise AssertionError("the program said nothing")


def started(log: Path, program: str = PROGRAM) -> tuple[Process, list[int], Path]:
    process = Process("The program", [sys.executable, "-S", "-c", program], log, {})
    own, child, scratch = said(log)
    return process, [int(own), int(child)], Path(scratch)


def test_a_stopped_program_takes_its_children_and_its_scratch_folder_along(tmp_path: Path) -> None:
    process, pids, scratch = started(tmp_path / "log")
    assert scratch.is_dir()

    process.stop()

    assert wait_until_gone(pids)
    assert not scratch.exists()
    assert not process.is_running


def test_a_program_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    process, pids, scratch = started(tmp_path / "log", DEAF)

    process.stop()

    assert wait_until_gone(pids)
    assert not scratch.exists()


def test_when_the_starter_is_killed_the_program_ends_too(tmp_path: Path) -> None:
    log, scratch = tmp_path / "log", tmp_path / "scratch"
    scratch.mkdir()
    starter = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-S", {str(LEASH)!r}, {str(scratch)!r}, sys.executable, "-S", "-c", {PROGRAM!r}],
                 stdin=subprocess.PIPE, stdout=open({str(log)!r}, "wb"), start_new_session=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-S", "-c", starter]) as parent:  # noqa: S603 (our own program)
        own, child, _ = said(log)

        parent.send_signal(signal.SIGKILL)

    assert wait_until_gone([int(own), int(child)])


def test_a_program_that_ended_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    process = Process(
        "The program", [sys.executable, "-c", "print('no port'); exit(3)"], tmp_path / "log", {}
    )
    while process.is_running:
        time.sleep(0.02)

    with pytest.raises(StartError, match=r"The program ended\. The last lines of .*:\nno port"):
        process.require_running()
    process.stop()


def test_no_setting_for_aws_reaches_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")

    assert [name for name in clean_environment() if name.startswith("AWS")] == []
