"""Lambda's execution environments: how many there are, how fast they come, and how many requests each takes."""

from dataclasses import dataclass, field
from random import Random

from bench.simulation.account import Slice
from bench.simulation.capacity import TokenBucket
from bench.simulation.parameters import Parameters


@dataclass(slots=True, eq=False)
class Environment:
    """One execution environment; `slices` is the credit it holds, by account."""

    slices: dict[str, Slice] = field(default_factory=dict)


class Fleet:
    """All environments of the chat function.

    One request at a time in each, as Lambda has it, unless there are `slots`. A request that finds none free gets
    a new one, which starts cold, as far as quota and scaling rate allow. With `slots`, none is ever added: managed
    instances grow in minutes, not within a request.
    """

    def __init__(self, parameters: Parameters, rng: Random) -> None:
        self._rng = rng
        self._limit = parameters.concurrency
        self._fixed = parameters.slots > 1
        self._scaling = TokenBucket(parameters.scale_rate, parameters.scale_burst)
        self._free: list[Environment] = []
        self.count = 0
        self.busy = 0
        self.cold_starts = 0
        for _ in range(parameters.ready):
            environment = self._new()
            self._free += [environment] * (parameters.slots - 1)
            self._free.append(environment)

    def enter(self, now: float) -> tuple[Environment, bool] | None:
        """A place for a request, and whether it has to start first; None if Lambda refuses the request."""
        if self._free:
            place = self._rng.randrange(len(self._free))  # Lambda does not say which it takes
            self._free[place], self._free[-1] = self._free[-1], self._free[place]
            self.busy += 1
            return self._free.pop(), False
        if self._fixed or self.busy >= self._limit or not self._scaling.take(now):
            return None
        self.busy += 1
        self.cold_starts += 1
        return self._new(), True

    def leave(self, environment: Environment) -> None:
        """A request is done; its place is free."""
        self.busy -= 1
        self._free.append(environment)

    def _new(self) -> Environment:
        self.count += 1
        return Environment()
