"""A problem of a catalogue, and the place where it is. Standard library only."""

from dataclasses import dataclass


class Problem(str):
    """A sentence that names its place. `entry` is `model gpt-4o`, `path` the field in it: `routes.0.weight`."""

    __slots__ = ("entry", "path")

    entry: str
    path: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a catalogue: in which entry, in words, and by which path."""

    entry: str
    words: str = ""
    path: str = ""

    def within(self, words: str, path: str) -> "Place":
        """A place in this one."""
        return Place(self.entry, f"{self.words}, {words}", self._below(path))

    def problem(self, field: str, says: str) -> Problem:
        """What a field here is, that it must not be."""
        problem = Problem(f"{self.entry}{self.words}: {says}")
        problem.entry, problem.path = self.entry, self._below(field)
        return problem

    def _below(self, field: str) -> str:
        return ".".join(part for part in (self.path, field) if part)
