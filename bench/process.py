"""Programs on the bench: they never outlive it, and tell what they cost. Linux only: figures are from /proc."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from local.process import LEASH, clean_environment, scratch_folder

_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


class Program:
    """A running program with all that it starts; it ends with the bench, however the bench ends."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        self._scratch = scratch_folder()
        with log.open("wb") as output:
            self._leash = subprocess.Popen(  # noqa: S603 (our own commands)
                [sys.executable, "-S", str(LEASH), str(self._scratch), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=clean_environment() | {"TMPDIR": str(self._scratch)} | dict(environment),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        assert self._leash.stdin is not None
        self._leash.stdin.close()
        self._leash.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def wait_until(self, ready: Callable[[], bool], seconds: float = 90) -> float:
        """Wait until `ready`; return the seconds that it took.

        Raises:
            RuntimeError: it ended, or took too long; the message has its last words.
        """
        start = time.monotonic()
        while not ready():
            if self._leash.poll() is not None or time.monotonic() - start > seconds:
                said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise RuntimeError(f"{self.log.stem} did not start:\n{said}")
            time.sleep(0.05)
        return time.monotonic() - start

    def cpu_ms(self) -> float:
        """CPU so far, in milliseconds, of the program and all that it started and that still runs."""
        return sum(cpu_ms(pid) for pid in self._pids())

    def memory_mb(self) -> float:
        """Resident memory of the program and all that it started."""
        return sum(memory_mb(pid) for pid in self._pids())

    def _pids(self) -> list[int]:
        return [pid for pid in _tree(self._leash.pid) if pid != self._leash.pid]


def cpu_ms(pid: int) -> float:
    """CPU that the living threads of a process have used, in milliseconds, to the microsecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:  # the thread ended
            continue
    return total / 1e6


def memory_mb(pid: int) -> float:
    """Resident memory of a process, what it shares with others included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_KB / 1024


def peak_mb(pid: int) -> float:
    """Largest resident memory a process has had; 0 for one that has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak[0].split()[1]) / 1024 if peak else 0.0


def _tree(pid: int) -> set[int]:
    """A process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found
