"""Processes of the embedded run: each logs to a file of its own and ends when we do."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
STOP_SECONDS = 4.0

# What a program needs of the environment to run at all. AWS settings above all stay out: nothing here may ever
# reach a real account.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_ROOMY_BYTES = 3 * 1024**3


class StartError(Exception):
    """A process did not come up; the message says which, and what it said last."""


class Process:
    """One running program, with a folder for its temporary files that goes when it does."""

    def __init__(self, name: str, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        scratch = scratch_folder()
        with log.open("wb") as output:
            self._leash = subprocess.Popen(  # noqa: S603 (our own commands)
                [sys.executable, "-S", str(LEASH), str(scratch), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to pass on
                env=clean_environment() | {"TMPDIR": str(scratch)} | dict(environment),
            )

    @property
    def is_running(self) -> bool:
        """Whether the program is still there."""
        return self._leash.poll() is None

    def let_go(self) -> None:
        """Tell the program to end, without waiting for it."""
        if self._leash.stdin and not self._leash.stdin.closed:
            self._leash.stdin.close()

    def stop(self) -> None:
        """Tell the program to end, and wait until it did."""
        self.let_go()
        try:
            self._leash.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._leash.kill()
            self._leash.wait()

    def require_running(self) -> None:
        """Refuse to go on without the program.

        Raises:
            StartError: it ended.
        """
        if not self.is_running:
            raise StartError(f"{self.name} ended. The last lines of {self.log}:\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """What the program said last."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


def stop_all(processes: Iterable[Process]) -> None:
    """End programs side by side, so that it takes as long as the slowest."""
    running = list(processes)
    for process in running:
        process.let_go()
    for process in running:
        process.stop()


def scratch_folder() -> Path:
    """Make a new folder for temporary files, in memory where there is plenty.

    The emulator unpacks the code of every function that it starts; disks take their time over that.
    """
    in_memory = Path("/dev/shm")  # noqa: S108 (a new folder in it, for us alone)
    roomy = in_memory.is_dir() and shutil.disk_usage(in_memory).free > _ROOMY_BYTES
    return Path(tempfile.mkdtemp(prefix="aggregator-", dir=in_memory if roomy else None))


def clean_environment() -> dict[str, str]:
    """Return the part of our environment that every program gets."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}
