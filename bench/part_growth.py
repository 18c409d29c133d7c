"""(f) How it grows: with environments at once, prompts, streams, catalogues and ledgers."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench import lambdas
from bench.events import chat_body, chat_event
from bench.lambdas import FunctionProcess
from bench.ledger import ledger_costs, reconcile_costs
from bench.numbers import growth, significant
from bench.part_start import one_process
from bench.world import World

JsonObject = dict[str, Any]
Point = dict[str, float]

ENVIRONMENTS = (1, 2, 4, 8, 16, 32, 64)
PROMPTS = (1_000, 10_000, 100_000, 1_000_000, 2_500_000, 5_000_000)
CHUNKS = (10, 100, 1_000, 3_000, 10_000)
MODELS = (50, 100, 500, 1_000, 2_000, 5_000)
ENTRIES = (1, 10, 100, 1_000, 10_000, 100_000)

_SLOW_SECONDS = 0.25


def measure(folder: Path, *, quick: bool) -> JsonObject:
    """Measure each series at all its sizes, or in a hurry at the first, a middle one and the last."""

    def some(sizes: Sequence[int]) -> Sequence[int]:
        return (sizes[0], sizes[len(sizes) // 2], sizes[-1]) if quick else sizes

    with World(folder / "growth") as world:
        told = {
            "environments": _series(some(ENVIRONMENTS), lambda n: _environments(n, world, folder)),
            "promptBytes": _one_process(some(PROMPTS), _prompt, world, folder),
            "chunks": _one_process(some(CHUNKS), _stream, world, folder),
        }
    told["models"] = _series(some(MODELS), lambda n: _catalogue(n, folder))
    told["ledgerEntries"] = _series(some(ENTRIES), ledger_costs)
    told["entriesToReconcile"] = _series(some(ENTRIES[:-1]), reconcile_costs)
    return told


def _one_process(
    sizes: Sequence[int], sample: Callable[[FunctionProcess, int], Point], world: World, folder: Path
) -> JsonObject:
    with ExitStack() as cleanup:
        process = one_process(lambdas.CHAT, world.environment(), folder, cleanup)
        return _series(sizes, lambda size: sample(process, size))


def _series(sizes: Sequence[int], sample: Callable[[int], Point]) -> JsonObject:
    points = {size: sample(size) for size in sizes}
    names = list(points[sizes[0]])
    return {
        "sizes": list(sizes),
        "values": {name: [significant(points[size][name]) for size in sizes] for name in names},
        "growth": {
            name: growth([float(size) for size in sizes], [points[size][name] for size in sizes]).to_json()
            for name in names
        },
    }


def _environments(count: int, world: World, folder: Path) -> Point:
    """`count` processes at once, each with a provider that takes a quarter of a second, as Lambda would have them."""
    event = chat_event(chat_body(f"[[standin slow={int(_SLOW_SECONDS * 1000)}ms]] hello"))
    rounds = 6
    with ExitStack() as cleanup, ThreadPoolExecutor(count) as pool:
        processes = [one_process(lambdas.CHAT, world.environment(), folder, cleanup) for _ in range(count)]
        list(pool.map(lambda each: each.invoke(event), processes))
        before = sum(each.cpu_ms() for each in processes)
        start = time.perf_counter()
        times = list(pool.map(lambda each: [each.invoke(event).whole_ms for _ in range(rounds)], processes))
        seconds = time.perf_counter() - start
        cpu = sum(each.cpu_ms() for each in processes) - before
        memory = sum(each.memory_mb() for each in processes)
    return {
        "requestsPerSecond": count * rounds / seconds,
        "cpuMsPerRequest": cpu / (count * rounds),
        "addedMsP50": median(each for of_one in times for each in of_one) - _SLOW_SECONDS * 1000,
        "memoryMbPerEnvironment": memory / count,
    }


def _prompt(process: FunctionProcess, size: int) -> Point:
    """A prompt of words; the stand-in's answer repeats its first ones only."""
    event = chat_event(chat_body(("word " * (size // 5 + 1))[:size]))
    return _cost_of(process, event, times=8 if size < 1_000_000 else 3)


def _stream(process: FunctionProcess, size: int) -> Point:
    """A stream whose chunks come as fast as they are taken."""
    event = chat_event(chat_body(stream=True, tokens=size))
    return _cost_of(process, event, times=8 if size < 3_000 else 3)


def _cost_of(process: FunctionProcess, event: bytes, times: int) -> Point:
    process.invoke(event)
    cpu: list[float] = []
    for _ in range(times):
        before = process.cpu_ms()
        process.invoke(event)
        cpu.append(process.cpu_ms() - before)
    return {"cpuMs": median(cpu), "memoryMb": process.memory_mb()}


def _catalogue(models: int, folder: Path) -> Point:
    with World(folder / "catalogue", models=models) as world:
        event = chat_event(chat_body())
        starts: list[float] = []
        for _ in range(3):
            with FunctionProcess(lambdas.CHAT, world.environment(), folder / "functions.log") as process:
                pass
            assert process.used is not None
            starts.append(process.used.cpu_ms)
        with FunctionProcess(lambdas.CHAT, world.environment(), folder / "functions.log") as process:
            process.invoke(event)
            before = process.cpu_ms()
            for _ in range(200):
                process.invoke(event)
            warm = (process.cpu_ms() - before) / 200
            memory = process.memory_mb()
    return {"startCpuMs": median(starts), "warmCpuMs": warm, "memoryMb": memory}
