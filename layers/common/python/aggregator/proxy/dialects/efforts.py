"""Which effort a model takes, of those that clients ask for. Standard library only.

Clients mean a place on one scale. Where a model has no such place, the nearest that it has stands for it; only not to
think at all is something else than to think a little.
"""

from collections.abc import Collection, Mapping
from typing import Any

from aggregator.orchestrator.model import Provider
from aggregator.orchestrator.parameters import fits

SCALE = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def nearest(asked: str, taken: Collection[str]) -> str | None:
    """The level of `taken` that stands for `asked`, of two as near the lower; None where none does.

    Not to think is asked for with `none` alone, and nothing else stands for it, nor it for anything else.
    """
    if asked in taken or asked not in SCALE:
        return asked if asked in taken else None
    levels = [each for each in taken if each in SCALE and each != "none"]
    if asked == "none" or not levels:
        return None
    place = SCALE.index(asked)
    return min(levels, key=lambda each: (abs(SCALE.index(each) - place), SCALE.index(each)))


def least(taken: Collection[str]) -> str | None:
    """The level at which a model thinks the least; None where it takes none."""
    return min((each for each in taken if each in SCALE), key=SCALE.index, default=None)


def levels_of(provider: Provider, upstream_model: str) -> Mapping[str, Any] | None:
    """The levels that a model takes there, and what is sent for each; None where nothing is known of it."""
    return next(
        (levels for pattern, levels in provider.efforts.items() if fits(upstream_model, pattern)), None
    )
