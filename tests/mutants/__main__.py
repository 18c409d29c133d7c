"""`python -m tests.mutants [words]`: make each fault of the list in a copy of the code, and see that its tests notice.

With words, only the faults whose names hold one of them. 0 survivors, or the exit status is 1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from tests.mutants.every import MUTANTS
from tests.mutants.mutant import CODE, Mutant

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 600


class Fate(Enum):
    """What became of a mutant: noticed by a test, noticed by none, or its tests could not be run."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"


@dataclass(frozen=True)
class Copy:
    """A checkout of its own, in which faults may be made."""

    folder: Path

    def passes(self, tests: Sequence[str]) -> tuple[bool | None, str]:
        """Whether these tests pass here, None if they cannot be run; and what pytest said."""
        try:
            done = subprocess.run(  # noqa: S603 (our own tests)
                [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=short", *tests],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": f"{self.folder / CODE.parent}:{self.folder}"},
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return False, "no end"
        return {0: True, 1: False}.get(done.returncode), done.stdout + done.stderr

    def try_out(self, mutant: Mutant) -> tuple[Fate, str]:
        """Make the fault, run its tests, and put the code right again."""
        file = mutant.path(self.folder)
        source = file.read_text(encoding="utf-8")
        file.write_text(mutant.applied_to(source), encoding="utf-8")
        try:
            passed, said = self.passes(mutant.tests)
        finally:
            file.write_text(source, encoding="utf-8")
        return {True: Fate.SURVIVED, False: Fate.KILLED, None: Fate.BROKEN}[passed], said


class Copies:
    """As many checkouts as there are cores, each lent to one at a time; gone when the context is left."""

    def __init__(self) -> None:
        self.count = os.cpu_count() or 1
        self._scratch = tempfile.TemporaryDirectory(prefix="mutants-")
        self._free: SimpleQueue[Copy] = SimpleQueue()

    def __enter__(self) -> Self:
        for n in range(self.count):
            folder = Path(self._scratch.name) / str(n)
            _check_out(folder)
            self._free.put(Copy(folder))
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.cleanup()

    @contextmanager
    def one(self) -> Iterator[Copy]:
        """A checkout, once one is free."""
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)

    def passes(self, tests: Sequence[str]) -> tuple[bool | None, str]:
        """See `Copy.passes`."""
        with self.one() as copy:
            return copy.passes(tests)

    def try_out(self, mutant: Mutant) -> tuple[Fate, str]:
        """See `Copy.try_out`."""
        with self.one() as copy:
            return copy.try_out(mutant)


def main(words: Sequence[str]) -> int:
    """Try all of them; how many were not noticed is in the last line."""
    started = time.monotonic()
    wanted = [each for each in MUTANTS if not words or any(word in each.name for word in words)]
    for mutant in wanted:
        mutant.applied_to(mutant.path(ROOT).read_text(encoding="utf-8"))
    with Copies() as copies, ThreadPoolExecutor(copies.count) as pool:
        suites = sorted({each.tests for each in wanted})
        for tests, (passed, said) in zip(suites, pool.map(copies.passes, suites), strict=True):
            if not passed:
                print(f"{' '.join(tests)} fail without a mutant:\n{said}")
                return 1
        fates = []
        for mutant, (fate, said) in zip(wanted, pool.map(copies.try_out, wanted), strict=True):
            print(f"{fate.value:8}  {mutant.name}", flush=True)
            if fate is Fate.BROKEN:
                print(said)
            fates.append(fate)
    killed, survived = fates.count(Fate.KILLED), fates.count(Fate.SURVIVED)
    seconds = time.monotonic() - started
    print(f"{len(fates)} mutants, {killed} killed, {survived} survivors in {seconds:.0f} s")
    return 0 if killed == len(fates) else 1


def _check_out(folder: Path) -> None:
    """All files as they are now, compiled so that a change is seen whenever and however small it is."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    for name in names.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    compiled = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    subprocess.run([*compiled, str(folder / CODE)], check=True)  # noqa: S603 (our own code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
