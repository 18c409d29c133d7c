"""What people ask for: requests drawn from stated distributions, on a balance that does not pay for all of them.

Nobody publishes such distributions for prepaid accounts, so these are assumptions: each number stands here, with a
name, and can be varied. Input is told in tokens and in bytes, since a policy may know one of them only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log
from random import Random

from aggregator.billing.cost import cost_of
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price, Usage

USD = 1_000_000_000
BYTES_PER_TOKEN = 4.2
"""English text in JSON; a policy that bounds by bytes holds this much too much."""
DEMAND = 1.25
"""What all requests of a workload truly cost, of its balance: the ideal policy has to refuse some, too."""
FIRST_TOKEN_SECONDS = 1.0
TOKENS_PER_SECOND = 60.0
LONG = "agent, growing to 180k"
"""Told beside the others: its last turns are bounded at what a cache may cost to write, far over what is read."""
COLD = 0.05
"""Share of an agent's turns that come after the cache has forgotten."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what it says, what it caps its answer at (None: nothing), and what it would truly use.

    `wait` is how long its sender thinks before it, in seconds. `usage` is what the provider would count, uncapped.
    """

    wait: float
    input_bytes: int
    cap: int | None
    usage: Usage

    def seconds(self, output_tokens: int) -> float:
        """How long it runs."""
        return FIRST_TOKEN_SECONDS + output_tokens / TOKENS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Workload:
    """Senders on one wallet, each with its requests in order; `model` is by its name in the catalogue."""

    name: str
    model: str
    balance_nano_usd: NanoUsd
    senders: tuple[tuple[Call, ...], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of workload: how many senders on what balance, and how one of them draws its requests."""

    name: str
    model: str
    balance_nano_usd: NanoUsd
    senders: int
    calls: Callable[[Random], Iterator[Call]]

    def drawn(self, price: Price, seed: int) -> Workload:
        """Draw requests, in turn for each sender, until they cost `DEMAND` of the balance."""
        rng = Random(f"{self.name} {seed}")  # noqa: S311 - a model, no secret
        streams = [self.calls(rng) for _ in range(self.senders)]
        drawn: list[list[Call]] = [[] for _ in streams]
        cost = turn = 0
        while cost < DEMAND * self.balance_nano_usd:
            call = next(streams[turn % self.senders])
            drawn[turn % self.senders].append(call)
            cost += cost_of(call.usage, price)
            turn += 1
        return Workload(self.name, self.model, self.balance_nano_usd, tuple(tuple(each) for each in drawn))


def _chat(rng: Random) -> Iterator[Call]:
    """A person at a chat: short questions, some long, with the caps that applications set."""
    while True:
        yield _call(
            rng,
            wait=20.0,
            input_tokens=_about(rng, 600, 1.0, 20, 20_000),
            cap=rng.choices((None, 1_024, 4_096, 64_000), (4, 2, 3, 1))[0],
            output_tokens=_about(rng, 250, 0.9, 5, 8_000),
        )


def _agent(rng: Random) -> Iterator[Call]:
    """A coding agent at about 40k tokens of conversation, most of it cached, with a cap of 64k that it never uses.

    One turn in twenty finds its cache gone: the person had a coffee.
    """
    while True:
        prompt = _about(rng, 40_000, 0.15, 20_000, 80_000)
        new = prompt if rng.random() < COLD else min(_about(rng, 1_200, 0.8, 50, 20_000), prompt)
        output = _about(rng, 350, 1.0, 20, 16_000)
        yield _call(rng, wait=3.0, input_tokens=prompt, cap=64_000, output_tokens=output, cached=prompt - new)


def _long_agent(rng: Random) -> Iterator[Call]:
    """The same in a conversation that grows from 40k to 180k tokens before it is summed up."""
    cached, new = 0, 40_000
    while True:
        output = _about(rng, 350, 1.0, 20, 16_000)
        yield _call(rng, wait=3.0, input_tokens=cached + new, cap=64_000, output_tokens=output, cached=cached)
        cached += new
        new = output + _about(rng, 800, 1.0, 50, 20_000)
        if cached > 180_000:
            cached, new = 0, 40_000


def _batch(rng: Random) -> Iterator[Call]:
    """One of many workers that take one document after the other, without a pause."""
    while True:
        yield _call(
            rng,
            wait=0.0,
            input_tokens=_about(rng, 3_000, 0.6, 200, 50_000),
            cap=4_096,
            output_tokens=_about(rng, 600, 0.7, 20, 4_096),
        )


KINDS = (
    Kind("chat", "claude-sonnet-4-6", 1 * USD, 1, _chat),
    Kind("agent", "claude-opus-4-8", 10 * USD, 1, _agent),
    Kind("batch of 32", "claude-sonnet-4-6", 5 * USD, 32, _batch),
    Kind("eight agents", "claude-opus-4-8", 20 * USD, 8, _agent),
    Kind(LONG, "claude-opus-4-8", 10 * USD, 1, _long_agent),
)


def _call(
    rng: Random, *, wait: float, input_tokens: int, cap: int | None, output_tokens: int, cached: int = 0
) -> Call:
    """A request; what of its input was not in the cache is written there, if any of it is to be kept."""
    written = input_tokens - cached if cap == 64_000 else 0
    output = output_tokens if cap is None else min(output_tokens, cap)
    return Call(
        wait=-wait * log(1 - rng.random()),
        input_bytes=round(input_tokens * BYTES_PER_TOKEN),
        cap=cap,
        usage=Usage(
            input_tokens=input_tokens,
            output_tokens=output,
            cached_input_tokens=cached,
            cache_write_tokens=written,
        ),
    )


def _about(rng: Random, median: float, sigma: float, least: int, most: int) -> int:
    """A log-normal draw, cut at both ends."""
    return round(min(max(median * rng.lognormvariate(0.0, sigma), least), most))
