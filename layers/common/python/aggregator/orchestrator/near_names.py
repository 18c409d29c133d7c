"""Names that somebody may have meant. Standard library only."""

from collections.abc import Iterable


def near_names(wanted: str, names: Iterable[str]) -> list[str]:
    """The three names at most that are nearest to `wanted`, whatever their case; the nearest first."""
    from difflib import get_close_matches  # noqa: PLC0415 (only a refusal needs it)

    known = {each.lower(): each for each in names}
    return [known[each] for each in get_close_matches(wanted.lower(), known, n=3, cutoff=0.6)]
