"""Afterwards: the time for all that follows an answer. On the hot path.

A request stops calling and reading `SETTLE_SECONDS` before the function's time is over. What follows its answer (the
rest of a large hold; the event, by the bus or else by the queue; its line in the log, if both refuse; what its limits
give back; its answer, kept for repetitions) fits into that, whatever fails:

    deadline                                         deadline + 7.5     deadline + 9     deadline + 10
    | hold: a fifth | bus: half | queue: most | limits, the rest | stored answers | the function's end

An answer that ends early has as much for its event and its limits. Moments are those of the monotonic clock.
"""

SETTLE_SECONDS = 10.0
"""Kept back of a function's time limit, so that a request that runs into it is still settled."""

_EVENT_SECONDS = 7.5
_STORED_SECONDS = 9.0

RETURN_SHARE = 0.2
BUS_SHARE = 0.5
QUEUE_SHARE = 0.7
ROUTES_SECONDS = 1.5
"""The most that one call to what all environments know of routes, or to the response cache, may take at any time."""


def settled_by(deadline: float, now: float) -> float:
    """When the event of a request that ends `now` must have been said, and its limits been given back."""
    return min(deadline, now) + _EVENT_SECONDS


def stored_by(deadline: float) -> float:
    """When the answer must be stored, if it is to be."""
    return deadline + _STORED_SECONDS


def share(ends: float, now: float, part: float) -> float:
    """The moment until which a step may take `part` of what is left until `ends`."""
    return now + max(0.0, ends - now) * part
