"""Who is asked on the bench, over HTTP or as a function, and the rounds in which they are asked in turn."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any, NamedTuple

from bench import peers
from bench.http_client import RawClient
from bench.lambdas import FunctionProcess
from bench.numbers import Spread, quantile, significant
from bench.part_start import Case, require
from bench.runtime_api import body_of
from bench.world import World

JsonObject = dict[str, Any]

DIRECT = "direct"


class Target(NamedTuple):
    """Who is asked. `ask` takes the kind of chat and returns milliseconds to the first byte and to the last."""

    name: str
    ask: Callable[[str], tuple[float, float]]
    cpu_ms: Callable[[], float]
    kinds: frozenset[str]


class Samples(NamedTuple):
    """What a target took, by round: CPU a request, and both times of each request."""

    cpu: list[float]
    first: list[list[float]]
    whole: list[list[float]]


def direct(world: World, bodies: Mapping[str, JsonObject], cleanup: ExitStack) -> Target:
    """The mock provider itself."""
    headers = {"Authorization": "Bearer k"}
    client = cleanup.enter_context(RawClient(world.mock_port, "/openai/v1/chat/completions", headers))
    return _over_http(DIRECT, client, bodies, lambda: 0.0)


def peer(running: peers.Peer, bodies: Mapping[str, JsonObject]) -> Target:
    """Another gateway, asked for the model by the name that it has there."""
    named = {kind: body | {"model": running.model} for kind, body in bodies.items()}
    return _over_http(running.name, running.client, named, running.program.cpu_ms)


def function(name: str, case: Case, process: FunctionProcess, events: Mapping[str, bytes]) -> Target:
    """A function, handed its events; time runs until its answer is taken from it."""

    def ask(kind: str) -> tuple[float, float]:
        taken = process.invoke(events[kind])
        require(body_of(taken.answer), case)
        return taken.first_byte_ms, taken.whole_ms

    return Target(name, ask, process.cpu_ms, frozenset(events))


def in_turn(
    targets: Sequence[Target], counts: Mapping[str, int], missing: dict[str, str], *, rounds: int
) -> dict[str, dict[str, Samples]]:
    """Ask each target for each kind, so many times in each round; by kind and target, what was measured.

    Every other round goes backwards, so that nobody always comes after the same neighbour. Who fails is added to
    `missing` with the reason, and asked no more.
    """
    samples: dict[str, dict[str, Samples]] = {kind: {} for kind in counts}
    for nth in range(rounds):
        for kind, count in counts.items():
            for target in targets if nth % 2 == 0 else reversed(targets):
                if kind not in target.kinds or f"{target.name} {kind}" in missing:
                    continue
                kept = samples[kind].setdefault(target.name, Samples([], [], []))
                before = target.cpu_ms()
                try:
                    times = [target.ask(kind) for _ in range(count)]
                except (RuntimeError, OSError) as failed:
                    missing[f"{target.name} {kind}"] = str(failed)[-300:]
                    del samples[kind][target.name]
                    continue
                kept.cpu.append((target.cpu_ms() - before) / count)
                kept.first.append([first for first, _ in times])
                kept.whole.append([whole for _, whole in times])
    return samples


def told(samples: Mapping[str, Mapping[str, Samples]], *, ratios_to: str) -> JsonObject:
    """By kind and target: CPU, times, what is added to asking the mock directly, and ratios to `ratios_to`.

    A ratio is that of one round, whose targets met the same neighbours; told is the median of the rounds.
    """
    return {
        kind: {
            name: {
                "cpuMs": Spread.of(kept.cpu).to_json(),
                "cpuRatio": Spread.of(_ratios(kept.cpu, of_kind[ratios_to].cpu)).to_json(),
                "firstByteMs": _quantiles(kept.first),
                "wholeMs": _quantiles(kept.whole),
                "addedFirstByteMs": _added(kept.first, of_kind[DIRECT].first),
                "addedMs": _added(kept.whole, of_kind[DIRECT].whole),
                "addedRatio": Spread.of(
                    _ratios(
                        _added_p50s(kept.whole, of_kind[DIRECT].whole),
                        _added_p50s(of_kind[ratios_to].whole, of_kind[DIRECT].whole),
                    )
                ).to_json(),
                "requests": sum(len(of_round) for of_round in kept.whole),
            }
            for name, kept in of_kind.items()
        }
        for kind, of_kind in samples.items()
    }


def _over_http(
    name: str, client: RawClient, bodies: Mapping[str, JsonObject], cpu_ms: Callable[[], float]
) -> Target:
    sent = {kind: json.dumps(body).encode() for kind, body in bodies.items()}

    def ask(kind: str) -> tuple[float, float]:
        asked = client.ask(sent[kind])
        if asked.status != 200 or b"choices" not in asked.body:
            raise RuntimeError(f"{name} answered {asked.status}: {asked.body[:200]!r}")
        return asked.first_byte_ms, asked.whole_ms

    return Target(name, ask, cpu_ms, frozenset(sent))


_SHARES = (("p50", 0.5), ("p99", 0.99))


def _quantiles(rounds: list[list[float]]) -> JsonObject:
    """The median over the rounds of each round's quantile: one that the machine was busy in does not decide."""
    return {
        name: significant(median(quantile(of_round, share) for of_round in rounds)) for name, share in _SHARES
    }


def _added(rounds: list[list[float]], straight: list[list[float]]) -> JsonObject:
    """The same of each quantile less that of the direct calls in the same round."""
    return {name: significant(median(_less_direct(rounds, straight, share))) for name, share in _SHARES}


def _added_p50s(rounds: list[list[float]], straight: list[list[float]]) -> list[float]:
    return _less_direct(rounds, straight, 0.5)


def _less_direct(rounds: list[list[float]], straight: list[list[float]], share: float) -> list[float]:
    return [
        quantile(ours, share) - quantile(direct, share) for ours, direct in zip(rounds, straight, strict=True)
    ]


def _ratios(of: list[float], to: list[float]) -> list[float]:
    return [one / other if other else 0.0 for one, other in zip(of, to, strict=True)]
