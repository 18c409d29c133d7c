"""(h) Today against an earlier commit, in turns: warm chats, starts, modules, memory; ratios are of today to then."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import lambdas
from bench.earlier import Earlier, Stage, checked_out, staged
from bench.entered import entered
from bench.events import authorizer_event
from bench.instructions import can_count, instructions
from bench.numbers import Spread
from bench.part_start import Case, one_process, start_once
from bench.part_warm import BODIES, EVENTS, MESSAGE_EVENTS, MESSAGES, chat, per_chunk
from bench.targets import Target, direct, in_turn, told
from bench.world import World

JsonObject = dict[str, Any]

BEFORE, NOW = "before", "now"
_THOUSAND = 1000


def measure(folder: Path, commit: str, missing: dict[str, str], *, rounds: int, starts: int) -> JsonObject:
    """Ask both in many short rounds; both call today's mock provider, with the same requests."""
    earlier = checked_out(commit)
    with ExitStack() as cleanup:
        world = cleanup.enter_context(World(folder / "now"))
        stage = staged(earlier, BODIES, folder / "before", cleanup, world.mock_url)
        then = chat(BEFORE, stage.environment, folder, cleanup, code=earlier.chat, events=stage.chats)
        now = chat(NOW, world.environment(), folder, cleanup)
        warm = _warm([direct(world, BODIES, cleanup), then, now], missing, rounds)
        functions = {
            BEFORE: _entered(earlier.chat, stage.environment, stage.chats, folder),
            NOW: _entered(lambdas.CHAT, world.environment(), EVENTS, folder),
        }
        counted = {}
        if can_count():
            counted = {
                BEFORE: instructions(earlier.chat, stage.environment, stage.chats, folder),
                NOW: instructions(lambdas.CHAT, world.environment(), EVENTS, folder),
                MESSAGES: instructions(lambdas.MESSAGES, world.environment(), MESSAGE_EVENTS, folder),
            }
    with ExitStack() as cleanup:
        world = cleanup.enter_context(World(folder / "now-tls", provider_over_tls=True))
        stage = staged(earlier, BODIES, folder / "before-tls", cleanup)
        start = _start(world, earlier, stage, folder, starts)
        memory = {
            BEFORE: _memory(earlier.chat, stage.environment, stage.chats["plain"], folder),
            NOW: _memory(lambdas.CHAT, world.environment(tls=True), EVENTS["plain"], folder),
        }
    return {
        "commit": earlier.commit,
        **warm,
        "functionsEntered": functions,
        "instructions": counted,
        "start": start,
        "memory": memory,
    }


def _warm(targets: list[Target], missing: dict[str, str], rounds: int) -> JsonObject:
    counts = {"plain": 100, "stream": 40}
    in_turn(targets, counts, missing, rounds=2)
    measured = in_turn(targets, counts, missing, rounds=rounds)
    chunks = in_turn(targets, {"few chunks": 3, "many chunks": 3}, missing, rounds=max(2, rounds // 4))
    return {"warm": told(measured, ratios_to=BEFORE), "perChunkCpuMs": per_chunk(chunks)}


def _start(world: World, earlier: Earlier, stage: Stage, folder: Path, runs: int) -> JsonObject:
    """By function: CPU to be ready and to the first answer, before and now, and how many modules are in memory then."""
    pairs = {
        "chat": (
            Case(earlier.chat, stage.chats["plain"]),
            Case(lambdas.CHAT, EVENTS["plain"]),
        ),
        "authorizer": (
            Case(earlier.authorizer, stage.authorizer, b'"Effect":"Allow"'),
            Case(lambdas.AUTHORIZER, authorizer_event(world.key.text), b'"Effect":"Allow"'),
        ),
    }
    environments = (stage.environment, world.environment(tls=True))
    return {name: _started(pair, environments, folder, runs) for name, pair in pairs.items()}


def _started(
    pair: tuple[Case, Case], environments: tuple[dict[str, str], dict[str, str]], folder: Path, runs: int
) -> JsonObject:
    """Each in turn, so many times; every other time the other one first."""
    ready: tuple[list[float], list[float]] = ([], [])
    answered: tuple[list[float], list[float]] = ([], [])
    for nth in range(runs):
        for which in (0, 1) if nth % 2 == 0 else (1, 0):
            case, environment = pair[which], environments[which]
            ready[which].append(start_once(case, environment, folder / "start.log", ask=False).cpu_ms)
            answered[which].append(start_once(case, environment, folder / "start.log", ask=True).cpu_ms)
    return {
        "cpuReadyMs": _pair(*ready),
        "cpuFirstAnswerMs": _pair(*answered),
        "modules": {
            name: _modules(case, environment, folder / f"modules-{name}.log")
            for name, case, environment in zip((BEFORE, NOW), pair, environments, strict=True)
        },
    }


def _pair(before: list[float], now: list[float]) -> JsonObject:
    ratios = [today / then for then, today in zip(before, now, strict=True)]
    return {
        name: Spread.of(values).to_json()
        for name, values in ((BEFORE, before), (NOW, now), ("ratio", ratios))
    }


def _modules(case: Case, environment: dict[str, str], log: Path) -> JsonObject:
    """Modules that are loaded until the function is ready, and until its first answer."""
    told = {}
    for name, ask in (("ready", False), ("firstAnswer", True)):
        log.unlink(missing_ok=True)
        start_once(case, environment | {"PYTHONPROFILEIMPORTTIME": "1"}, log, ask=ask)
        lines = log.read_text(encoding="utf-8").splitlines()
        told[name] = sum(line.startswith("import time:") for line in lines) - 1  # the first is the heading
    return told


def _memory(code: lambdas.Function, environment: dict[str, str], event: bytes, folder: Path) -> JsonObject:
    with ExitStack() as cleanup:
        process = one_process(code, environment, folder, cleanup)
        started = process.memory_mb()
        for _ in range(_THOUSAND):
            process.invoke(event)
        return {"afterStartMb": round(started, 1), "afterThousandMb": round(process.memory_mb(), 1)}


def _entered(
    code: lambdas.Function, environment: dict[str, str], events: dict[str, bytes], folder: Path
) -> JsonObject:
    """Python functions that a warm request enters, by its kind."""
    return {
        kind: entered(code, environment, events[kind], folder / "counted.log") for kind in ("plain", "stream")
    }
