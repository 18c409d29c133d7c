"""A run: requests arrive and walk through environment, reserve, call and emit, as aggregator.proxy.walk has it."""

from collections.abc import Generator
from math import log
from random import Random

from bench.simulation.account import Account, Short, Slice
from bench.simulation.capacity import TokenBucket
from bench.simulation.clock import Loop, Process
from bench.simulation.environments import Environment, Fleet
from bench.simulation.parameters import Parameters
from bench.simulation.settle import Message, SettleQueue
from bench.simulation.tally import GATEWAY_THROTTLED, SERVED, Tally

ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.05
"""As in aggregator.runtime.signed_client; tests hold them equal."""

TRIES_PER_ROUTE = 2
ROUTE_WAIT_SECONDS = 0.2
"""As in aggregator.proxy.call; tests hold them equal."""

SAMPLE_SECONDS = 0.1
DRAIN_SECONDS = 400.0
"""Longer than a message may hide: all that was emitted is settled in the end, if it can be."""


class Run:
    """One run of the model, from its parameters to its tally."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.tally = Tally()
        self.loop = Loop()
        seeds = Random(parameters.seed)  # noqa: S311 - a model, no secret
        self._rng = Random(seeds.random())  # noqa: S311
        self._arrivals = Random(seeds.random())  # noqa: S311
        self.accounts = [Account(f"account-{n}", parameters) for n in range(parameters.accounts)]
        self.fleet = Fleet(parameters, Random(seeds.random()))  # noqa: S311
        self.queue = SettleQueue(self.loop, parameters, Random(seeds.random()), self.tally)  # noqa: S311
        self._gateway = TokenBucket(parameters.gateway_rate, parameters.gateway_burst)
        self._bus = TokenBucket(parameters.bus_rate, parameters.bus_rate)
        self._providers = [
            TokenBucket(parameters.provider_rate, parameters.provider_rate) for _ in range(parameters.routes)
        ]

    def run(self) -> Tally:
        """Let requests arrive for their time, then let all of them end and settle."""
        self.loop.start(self._arrive())
        self.loop.start(self._sample())
        self.loop.run(self.parameters.seconds + DRAIN_SECONDS)
        return self.tally

    def _arrive(self) -> Process:
        while self.loop.now < self.parameters.seconds:
            yield -log(1 - self._arrivals.random()) / self._rate()
            if self.loop.now >= self.parameters.seconds:
                return
            account = self.accounts[self._arrivals.randrange(len(self.accounts))]
            self.loop.start(self._walk(account, counts=self.loop.now >= self.parameters.warmup))

    def _rate(self) -> float:
        p = self.parameters
        bursting = p.burst_factor != 1 and self.loop.now % p.burst_every >= p.burst_every - p.burst_for
        return p.rate * (p.burst_factor if bursting else 1.0)

    def _walk(self, account: Account, *, counts: bool) -> Process:
        came = self.loop.now
        if not self._gateway.take(came):
            self._count(GATEWAY_THROTTLED, counts=counts)
            return
        place = self.fleet.enter(came)
        if place is None:
            self._count("lambda: throttled", counts=counts)
            return
        environment, cold = place
        if cold:
            yield self.parameters.cold_ms / 1000
        yield self.parameters.own_ms / 1000
        refused = yield from self._reserve(account, environment)
        waited = 0.0
        if refused is None:
            account.owed += self.parameters.cost_usd
            if self._rng.random() < self.parameters.lost:
                account.owed -= self.parameters.cost_usd
                self._end(environment, came, counts=counts, end="process died")
                return
            waited, answered = yield from self._call()
            yield from self._emit(account, answered=answered, counts=counts)
            refused = None if answered else "provider: 429"
        if refused is None and counts:
            added = (self.loop.now - came - waited) * 1000
            (self.tally.cold_added_ms if cold else self.tally.added_ms).append(added)
        self._end(environment, came, counts=counts, end=refused or SERVED)

    def _end(self, environment: Environment, came: float, *, counts: bool, end: str) -> None:
        self.fleet.leave(environment)
        self._count(end, counts=counts)
        if counts:
            self.tally.seconds_run += self.loop.now - came

    def _reserve(self, account: Account, environment: Environment) -> Generator[float, None, str | None]:
        """Hold money for a request; return why not, if not."""
        hold = self.parameters.hold_usd
        own = environment.slices.get(account.name)
        if own is not None and own.uses > 0 and own.usd >= hold and own.until > self.loop.now:
            own.usd -= hold
            own.uses -= 1
            self.tally.calls["from a slice"] += 1
            return None
        for attempt in range(ATTEMPTS):
            yield self.parameters.update_ms / 2000
            now = self.loop.now
            if account.in_transaction(now):
                in_the_way = "reserve: transaction"
            elif not account.may_write(now):
                in_the_way = "reserve: partition full"
            else:
                refusal = self._hold(account, environment, own)
                self.tally.calls["reserve units"] += account.units
                yield self.parameters.update_ms / 2000
                return refusal
            self.tally.retries[in_the_way] += 1
            yield self.parameters.update_ms / 2000
            if attempt < ATTEMPTS - 1:
                yield self._rng.uniform(0, FIRST_WAIT_SECONDS * 2**attempt)
        return "reserve: 503"

    def _hold(self, account: Account, environment: Environment, own: Slice | None) -> str | None:
        """The write itself: a slice if there is plenty, or the one hold; what the last slice has left goes back."""
        p = self.parameters
        left = own.usd if own is not None else 0.0
        uses = max(1, min(p.slice, int(p.slice_share * account.available / p.hold_usd)))
        try:
            account.hold(self.loop.now, uses * p.hold_usd, left)
        except Short:
            return "402: could pay" if account.could_pay >= p.cost_usd else "402: cannot pay"
        environment.slices.pop(account.name, None)
        if uses > 1:
            until = self.loop.now + p.slice_seconds
            environment.slices[account.name] = Slice((uses - 1) * p.hold_usd, uses - 1, until)
        return None

    def _call(self) -> Generator[float, None, tuple[float, bool]]:
        """Ask the providers in turn; return the seconds that one took to answer, and whether one did."""
        p = self.parameters
        for provider in self._providers:
            for attempt in range(TRIES_PER_ROUTE):
                if not p.provider_rate or provider.take(self.loop.now):
                    seconds = self._rng.lognormvariate(log(p.provider_median_ms / 1000), p.provider_sigma)
                    yield seconds
                    return seconds, True
                self.tally.retries["provider: 429"] += 1
                if attempt < TRIES_PER_ROUTE - 1:
                    yield self._rng.uniform(0, ROUTE_WAIT_SECONDS)
        return 0.0, False

    def _emit(self, account: Account, *, answered: bool, counts: bool) -> Process:
        p = self.parameters
        for attempt in range(ATTEMPTS):
            yield p.bus_ms / 1000
            if self._bus.take(self.loop.now):
                self.tally.calls["bus"] += 1
                break
            self.tally.retries["bus: throttled"] += 1
            if attempt < ATTEMPTS - 1:
                yield self._rng.uniform(0, FIRST_WAIT_SECONDS * 2**attempt)
        else:
            yield p.bus_ms / 1000
            self.tally.calls["straight to the queue"] += 1
        cost = p.cost_usd if answered else 0.0
        account.owed += cost - p.cost_usd
        self.loop.start(
            self._deliver(Message(account, p.hold_usd, cost, self.loop.now, counts)), p.delivery_ms / 1000
        )

    def _deliver(self, message: Message) -> Process:
        self.queue.put(message)
        return
        yield

    def _count(self, end: str, *, counts: bool) -> None:
        if counts:
            self.tally.ends[end] += 1

    def _sample(self) -> Process:
        yield self.parameters.warmup
        while self.loop.now < self.parameters.seconds:
            held = sum(account.held for account in self.accounts)
            total = held + sum(account.available for account in self.accounts)
            self.tally.held_shares.append(held / total if total else 0.0)
            self.tally.busy.append(self.fleet.busy)
            self.tally.backlog.append(self.queue.backlog)
            yield SAMPLE_SECONDS
