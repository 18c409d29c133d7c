"""The bench's table, for people."""

from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]


def table(results: JsonObject) -> str:
    """All that was measured, in lines."""
    figures = results["figures"]
    lines = [
        *_start(figures["start"]),
        *_warm(figures["warm"]),
        *_counts(figures["counts"]),
        *_memory(figures["memory"]),
        *_consumers(figures["consumers"]),
        *_reconcile(figures["reconcile"]),
        *_growth(figures["growth"]),
        *_before(figures.get("before")),
        *_goals(results["goals"]),
        *(f"not measured: {name}: {why}" for name, why in results["notMeasured"].items()),
    ]
    return "\n".join(lines)


def _start(start: JsonObject) -> Iterator[str]:
    yield _head(
        "cold start, CPU ms", "ready", "first answer", "quarter points", "first answer waits", "peak MB"
    )
    for name, row in start.items():
        answered = row["cpuFirstAnswerMs"]
        spread = f"{answered['low']:.0f}-{answered['high']:.0f}"
        waits = f"{row['firstAnswerMs']['median']:.1f} ms"
        yield _row(
            name,
            f"{row['cpuReadyMs']['median']:.1f}",
            f"{answered['median']:.1f}",
            spread,
            waits,
            row["peakMb"],
        )


def _warm(warm: JsonObject) -> Iterator[str]:
    for kind, targets in warm["kinds"].items():
        yield _head(
            f"warm, {kind}",
            "CPU ms",
            "quarter points",
            "of ours",
            "added p50",
            "added p99",
            "first byte +p50",
        )
        for name, row in targets.items():
            cpu = row["cpuMs"]
            yield _row(
                name,
                f"{cpu['median']:.2f}",
                f"{cpu['low']:.2f}-{cpu['high']:.2f}",
                f"{row['cpuRatio']['median']:.2f}",
                f"{row['addedMs']['p50']:.2f} ms",
                f"{row['addedMs']['p99']:.2f} ms",
                f"{row['addedFirstByteMs']['p50']:.2f} ms",
            )
    yield _head("CPU of a chunk, one by one", "ms")
    for name, cpu in warm["perChunkCpuMs"].items():
        yield _row(name, f"{cpu['median']:.3f}")
    yield from (f"  {name} took {seconds} s to start" for name, seconds in warm["peerStartSeconds"].items())


def _counts(counts: JsonObject) -> Iterator[str]:
    yield _head("hot path, a request", "AWS calls", "bytes out", "bytes in", "log bytes")
    for name, row in counts["hotPath"].items():
        calls = ", ".join(f"{count:g} {action}" for action, count in row["calls"].items())
        sizes = [f"{row.get(key, 0):.0f}" for key in ("bytesSent", "bytesReceived", "logBytes")]
        yield _row(name, f"{sum(row['calls'].values()):g}", *sizes) + f"   {calls}"
        if "functionsEntered" in row:
            yield _row(f"  Python functions it enters: {row['functionsEntered']}")
    yield _head("whole life", "write units", "read units", "reserve", "settle", "record")
    for whose, batches in counts["life"].items():
        for batch, row in batches.items():
            steps = (row["steps"][step]["writeUnits"] for step in ("reserve", "settle", "record"))
            yield _row(f"{whose}, batches of {batch}", row["writeUnits"], row["readUnits"], *steps)


def _memory(memory: JsonObject) -> Iterator[str]:
    yield _head("memory, MB", "after start", "after 1,000", "grown", "after 5 MB prompt", "its peak")
    keys = ("afterStartMb", "afterThousandMb", "grownMb", "after5MbPromptMb", "peak5MbPromptMb")
    yield _row(f"{memory['series'][-1][0]:,} requests", *(memory[key] for key in keys))


def _consumers(consumers: JsonObject) -> Iterator[str]:
    yield _head("consumers", "events/s", "CPU ms/event", "calls/1,000", "memory MB")
    for step, batches in consumers.items():
        for batch, row in batches.items():
            calls = sum(row["callsPerThousand"].values())
            yield _row(
                f"{step}, batches of {batch}",
                row["eventsPerSecond"],
                row["cpuMsPerEvent"],
                calls,
                row["memoryMb"],
            )


def _reconcile(reconcile: JsonObject) -> Iterator[str]:
    yield _head("reconcile", "entries written", "entries read", "read units", "write units", "USD")
    for run in ("first", "second"):
        row = reconcile[run]
        yield _row(
            f"{run} run, {reconcile['accounts']:,} accounts",
            row["entriesWritten"],
            row["entriesRead"],
            row["readUnits"],
            row["writeUnits"],
            row["usdADay"],
        )
    yield _row("memory, at its peak", f"{reconcile['peakMb']} MB")


def _growth(growth: JsonObject) -> Iterator[str]:
    yield _head("growth", "from", "to", "at first", "at last", "verdict")
    for name, series in growth.items():
        for figure, values in series["values"].items():
            fit = series["growth"][figure]
            sizes = series["sizes"]
            yield _row(f"{name}: {figure}", sizes[0], sizes[-1], values[0], values[-1], fit["verdict"])


def _before(before: JsonObject | None) -> Iterator[str]:
    """Today's code against an earlier commit's, where that was measured."""
    if before is None:
        return
    yield _head(f"against {before['commit']}", "before", "now", "ratio", "quarter points")
    for kind, of in before["warm"].items():
        ratio, added = of["now"]["cpuRatio"], of["now"]["addedRatio"]
        yield _row(f"{kind}: CPU, ms", *(of[each]["cpuMs"]["median"] for each in _WHEN), *_ratio(ratio))
        yield _row(f"{kind}: added p50, ms", *(of[each]["addedMs"]["p50"] for each in _WHEN), *_ratio(added))
        entered = (before["functionsEntered"][each][kind] for each in _WHEN)
        yield _row(f"{kind}: Python functions entered", *entered)
        if before["instructions"]:
            yield _row(f"{kind}: instructions", *_counted(before["instructions"], kind))
    yield _row("a chunk, one by one: CPU, ms", *(before["perChunkCpuMs"][each]["median"] for each in _WHEN))
    if "chunk" in before["instructions"].get("now", {}):
        yield _row("a chunk, one by one: instructions", *_counted(before["instructions"], "chunk"))
    for function, of in before["start"].items():
        for figure in ("cpuReadyMs", "cpuFirstAnswerMs"):
            medians = (of[figure][each]["median"] for each in _WHEN)
            yield _row(f"start of the {function}: {figure}", *medians, *_ratio(of[figure]["ratio"]))
        for moment in ("ready", "firstAnswer"):
            modules = (of["modules"][each][moment] for each in _WHEN)
            yield _row(f"start of the {function}: modules, {moment}", *modules)
    if before["instructions"]:
        yield _row("start of the chat: instructions", *_counted(before["instructions"], "start"))
    for figure in ("afterStartMb", "afterThousandMb"):
        yield _row(f"memory: {figure}", *(before["memory"][each][figure] for each in _WHEN))


def _counted(instructions: JsonObject, kind: str) -> tuple[int, int, str]:
    then, now = (instructions[when][kind] for when in _WHEN)
    return then, now, f"{now / then:.3f}"


_WHEN = ("before", "now")


def _ratio(spread: JsonObject) -> tuple[str, str]:
    return f"{spread['median']:.3f}", f"{spread['low']:.3f}-{spread['high']:.3f}"


def _goals(goals: list[JsonObject]) -> Iterator[str]:
    yield _head("goals", "value", "at most", "unit", "met")
    for goal in goals:
        yield _row(goal["name"], goal["value"], goal["goal"], goal["unit"], "yes" if goal["met"] else "NO")


def _head(*cells: str) -> str:
    return "\n" + _row(*cells)


def _row(name: str, *cells: Any) -> str:
    return f"  {name:<58}" + "".join(f"{cell!s:>20}" for cell in cells)
