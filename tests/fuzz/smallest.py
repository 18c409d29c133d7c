"""Of what shows a fault, the least that still does."""

from collections.abc import Callable
from random import Random


def least_difference(
    seed: int, made: Callable[[Random], bytes], difference: Callable[[bytes, Random], str | None]
) -> str | None:
    """The difference over what `seed` makes, at its smallest; None if there is none."""
    wire = made(Random(seed))
    if difference(wire, Random(seed)) is None:
        return None
    wire = smallest(wire, lambda less: difference(less, Random(seed)) is not None)
    return f"seed {seed}: {wire!r}\n{difference(wire, Random(seed))}"


def smallest(data: bytes, shows: Callable[[bytes], bool]) -> bytes:
    """`data` without any stretch that `shows` does not need, tried from half of it down to single bytes."""
    step = len(data) // 2
    while step:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + step :]
            if shows(less):
                data = less
            else:
                at += step
        step //= 2
    return data
