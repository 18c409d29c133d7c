"""One fault that could be made in the code, and the tests that have to notice it."""

from dataclasses import dataclass
from pathlib import Path

CODE = Path("layers/common/python/aggregator")


class NotThereError(Exception):
    """What a mutant changes is not in its file any more, or more than once: the list has to follow the code."""


@dataclass(frozen=True)
class Mutant:
    """`name` says what goes wrong once `old` reads `new` in `file`, a path below the package's; `tests` notice it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def path(self, root: Path) -> Path:
        """Its file, in a checkout."""
        return root / CODE / self.file

    def applied_to(self, source: str) -> str:
        """The source with the fault in it.

        Raises:
            NotThereError: `old` is not there exactly once, or `new` is the same.
        """
        if source.count(self.old) != 1 or self.old == self.new:
            raise NotThereError(f"{self.file} has this {source.count(self.old)} times: {self.old}")
        return source.replace(self.old, self.new)
