"""One run: a workload's requests on one wallet under one policy, by a clock that jumps from event to event."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from random import Random

from aggregator.billing.cost import cost_of
from aggregator.billing.money import NanoUsd
from bench.served.policies import Admitted, Policy
from bench.served.workloads import Call, Workload

SETTLE_LEAST, SETTLE_MORE = 0.15, 1.0
"""Seconds from an answer to its settlement: delivery, and a window of a second (simulated p99: 1.2 s)."""

LAST_TENTH = 10
"""Answers cut in the last tenth of the balance are not counted as cut: there was nothing left to say more with."""


@dataclass(slots=True)
class Tally:
    """What came of a run. Amounts in nano-US-dollars; `left` is the balance less what was served."""

    left: NanoUsd
    served_nano_usd: NanoUsd = 0
    served: int = 0
    refused_with_money: int = 0
    cut: int = 0

    @property
    def overspent_nano_usd(self) -> NanoUsd:
        """How far below zero the wallet went."""
        return max(0, -self.left)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where a sender is: its requests, and which is next."""

    calls: tuple[Call, ...]
    at: int = 0

    @property
    def call(self) -> Call:
        return self.calls[self.at]


class Run:
    """Every sender sends one request after the other; who is refused goes on with the next."""

    def __init__(self, workload: Workload, policy: Policy, seed: int) -> None:
        self.tally = Tally(workload.balance_nano_usd)
        self._workload = workload
        self._policy = policy
        self._rng = Random(f"settle {seed}")  # noqa: S311 - a model, no secret
        self._order = count()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        for calls in workload.senders:
            if calls:
                self._next(_Turn(calls), 0.0)

    def run(self) -> Tally:
        """Let all of it happen."""
        while self._events:
            moment, _, happens = heappop(self._events)
            happens(moment)
        return self.tally

    def _at(self, moment: float, happens: Callable[[float], None]) -> None:
        heappush(self._events, (moment, next(self._order), happens))

    def _next(self, turn: _Turn, now: float) -> None:
        if turn.at < len(turn.calls):
            self._at(now + turn.call.wait, lambda moment: self._send(turn, moment))

    def _send(self, turn: _Turn, now: float) -> None:
        call, policy = turn.call, self._policy
        if (admitted := policy.admit(call, now)) is None:
            self.tally.refused_with_money += cost_of(call.usage, policy.price) <= self.tally.left
            self._next(replace(turn, at=turn.at + 1), now)
            return
        said = min(call.usage.output_tokens, admitted.cap)
        self._at(now + call.seconds(said), lambda moment: self._end(turn, admitted, said, moment))

    def _end(self, turn: _Turn, admitted: Admitted, said: int, now: float) -> None:
        call, policy, tally = turn.call, self._policy, self.tally
        cost = cost_of(call.usage._replace(output_tokens=said), policy.price)
        if said < call.usage.output_tokens:
            tally.cut += tally.left * LAST_TENTH > self._workload.balance_nano_usd
        tally.served += 1
        tally.served_nano_usd += cost
        tally.left -= cost
        held = policy.answered(admitted, cost)
        delay = 0.0 if policy.settles_at_once else SETTLE_LEAST + SETTLE_MORE * self._rng.random()
        self._at(now + delay, lambda _: policy.settled(held, cost))
        self._next(replace(turn, at=turn.at + 1), now)
