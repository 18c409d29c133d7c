"""What the stand-in does on a connection, step by step: a reply is a script of bytes, waits and ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so long; other connections go on."""

    seconds: float


class End(Enum):
    """An end of the connection that is not the end of a reply."""

    RESET = "reset"
    CLOSE = "close"


Action = bytes | Wait | End
Script = Iterable[Action]

HANG = Wait(600.0)
# Lets what was sent leave before a reset drops what has not.
SETTLE = Wait(0.01)
