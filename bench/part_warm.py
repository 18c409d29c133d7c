"""(b) Warm chats, plain and streamed, in turn: straight to the mock, through us, and through the peers."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench import lambdas, peers
from bench.events import authorizer_event, chat_body, chat_event
from bench.http_client import RawClient
from bench.numbers import Spread, quantile, significant
from bench.part_start import Case, one_process, require
from bench.runtime_api import body_of
from bench.world import World

JsonObject = dict[str, Any]

FEW_CHUNKS, MANY_CHUNKS = 10, 200
CHUNK_GAP = "2ms"


class Target(NamedTuple):
    """Who is asked. `ask` takes the kind of chat and returns milliseconds to the first byte and to the last."""

    name: str
    ask: Callable[[str], tuple[float, float]]
    cpu_ms: Callable[[], float]


BODIES = {
    "plain": chat_body(),
    "stream": chat_body(stream=True, tokens=FEW_CHUNKS),
    "few chunks": chat_body(f"[[standin token-delay={CHUNK_GAP} tokens={FEW_CHUNKS}]] hello", stream=True),
    "many chunks": chat_body(f"[[standin token-delay={CHUNK_GAP} tokens={MANY_CHUNKS}]] hello", stream=True),
}


def measure(folder: Path, missing: dict[str, str], *, rounds: int, plain: int, streamed: int) -> JsonObject:
    """Ask each target `plain` and `streamed` times in each of `rounds`, after a warm-up.

    Of us, time runs from an event handed to the process to its answer taken from it; of others, over their port.
    """
    with ExitStack() as cleanup:
        world = cleanup.enter_context(World(folder / "warm"))
        secure = cleanup.enter_context(World(folder / "warm-tls", provider_over_tls=True))
        running = peers.start_all(world.mock_url, folder, cleanup, missing)
        targets = [
            _direct(world, cleanup),
            _floor(world, folder, cleanup),
            _ours("ours", world, folder, cleanup, tls=False),
            _ours("ours over TLS", secure, folder, cleanup, tls=True),
            _authorizer(world, folder, cleanup),
            *(_peer(each) for each in running),
        ]
        _run(targets, {"plain": plain, "stream": streamed}, missing, rounds=1)
        measured = _run(targets, {"plain": plain, "stream": streamed}, missing, rounds=rounds)
        chunked = [each for each in targets if each.name in {"direct", "ours", "portkey", "litellm"}]
        chunks = _run(chunked, {"few chunks": 4, "many chunks": 4}, missing, rounds=max(2, rounds // 2))
        starts = {each.name: round(each.start_seconds, 1) for each in running}
    return {
        "kinds": _against_direct(measured),
        "perChunkCpuMs": _per_chunk(chunks),
        "peerStartSeconds": starts,
    }


def _run(
    targets: list[Target], counts: dict[str, int], missing: dict[str, str], *, rounds: int
) -> dict[str, dict[str, JsonObject]]:
    """Samples by kind and target, of each round: CPU a request, and both times of each request."""
    samples: dict[str, dict[str, JsonObject]] = {kind: {} for kind in counts}
    for _ in range(rounds):
        for kind, count in counts.items():
            for target in targets:
                if (target.name, kind) in _NOT_ASKED or f"{target.name} {kind}" in missing:
                    continue
                kept = samples[kind].setdefault(target.name, {"cpu": [], "first": [], "whole": []})
                before = target.cpu_ms()
                try:
                    times = [target.ask(kind) for _ in range(count)]
                except (RuntimeError, OSError) as failed:
                    missing[f"{target.name} {kind}"] = str(failed)[-300:]
                    del samples[kind][target.name]
                    continue
                kept["cpu"].append((target.cpu_ms() - before) / count)
                kept["first"].append([first for first, _ in times])
                kept["whole"].append([whole for _, whole in times])
    return samples


_NOT_ASKED = {("the authorizer", "stream"), ("the floor", "stream"), ("ours over TLS", "stream")}


def _against_direct(samples: dict[str, dict[str, JsonObject]]) -> JsonObject:
    told: JsonObject = {}
    for kind, by_target in samples.items():
        direct = by_target["direct"]
        told[kind] = {
            name: {
                "cpuMs": Spread.of(kept["cpu"]).to_json(),
                "firstByteMs": _quantiles(kept["first"]),
                "wholeMs": _quantiles(kept["whole"]),
                "addedFirstByteMs": _added(kept["first"], direct["first"]),
                "addedMs": _added(kept["whole"], direct["whole"]),
                "requests": sum(len(of_round) for of_round in kept["whole"]),
            }
            for name, kept in by_target.items()
        }
    return told


_SHARES = (("p50", 0.5), ("p99", 0.99))


def _quantiles(rounds: list[list[float]]) -> JsonObject:
    """The median over the rounds of each round's quantile: one that the machine was busy in does not decide."""
    return {
        name: significant(median(quantile(of_round, share) for of_round in rounds)) for name, share in _SHARES
    }


def _added(rounds: list[list[float]], direct: list[list[float]]) -> JsonObject:
    """The same of each quantile less that of the direct calls in the same round."""
    return {
        name: significant(
            median(
                quantile(of_round, share) - quantile(straight, share)
                for of_round, straight in zip(rounds, direct, strict=True)
            )
        )
        for name, share in _SHARES
    }


def _per_chunk(samples: dict[str, dict[str, JsonObject]]) -> JsonObject:
    """CPU that a chunk more costs, of chunks that come one by one."""
    few, many = samples["few chunks"], samples["many chunks"]
    return {
        name: Spread.of(
            [
                (after - before) / (MANY_CHUNKS - FEW_CHUNKS)
                for before, after in zip(few[name]["cpu"], many[name]["cpu"], strict=True)
            ]
        ).to_json()
        for name in many
        if name in few and name != "direct"
    }


def _direct(world: World, cleanup: ExitStack) -> Target:
    headers = {"Authorization": "Bearer k"}
    client = cleanup.enter_context(RawClient(world.mock_port, "/openai/v1/chat/completions", headers))
    return Target("direct", _over_http(client, "direct"), lambda: 0.0)


def _peer(peer: peers.Peer) -> Target:
    return Target(peer.name, _over_http(peer.client, peer.name), peer.program.cpu_ms)


def _over_http(client: RawClient, name: str) -> Callable[[str], tuple[float, float]]:
    def ask(kind: str) -> tuple[float, float]:
        asked = client.ask(SENT[kind])
        if asked.status != 200 or b"choices" not in asked.body:
            raise RuntimeError(f"{name} answered {asked.status}: {asked.body[:200]!r}")
        return asked.first_byte_ms, asked.whole_ms

    return ask


def _ours(name: str, world: World, folder: Path, cleanup: ExitStack, *, tls: bool) -> Target:
    process = one_process(lambdas.CHAT, world.environment(tls=tls), folder, cleanup)
    return _function(name, Case(lambdas.CHAT, b"", b'"choices"'), process, EVENTS)


def _floor(world: World, folder: Path, cleanup: ExitStack) -> Target:
    environment = world.environment() | {"BENCH_PROVIDER": world.mock_url}
    process = one_process(lambdas.FLOOR, environment, folder, cleanup)
    return _function("the floor", Case(lambdas.FLOOR, b"", b"choices"), process, EVENTS)


def _authorizer(world: World, folder: Path, cleanup: ExitStack) -> Target:
    process = one_process(lambdas.AUTHORIZER, world.environment(), folder, cleanup)
    case = Case(lambdas.AUTHORIZER, b"", b'"Effect":"Allow"')
    return _function("the authorizer", case, process, {"plain": authorizer_event(world.key.text)})


def _function(name: str, case: Case, process: lambdas.FunctionProcess, events: dict[str, bytes]) -> Target:
    def ask(kind: str) -> tuple[float, float]:
        taken = process.invoke(events[kind])
        require(body_of(taken.answer), case)
        return taken.first_byte_ms, taken.whole_ms

    return Target(name, ask, process.cpu_ms)


SENT = {kind: json.dumps(body).encode() for kind, body in BODIES.items()}
EVENTS = {kind: chat_event(body) for kind, body in BODIES.items()}
