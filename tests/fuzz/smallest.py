"""Of what shows a fault, the least that still does."""

from collections.abc import Callable


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
