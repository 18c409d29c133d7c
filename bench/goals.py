"""The goals, and whether what was measured meets them."""

from typing import Any

from bench.cost import Model, Scenario
from bench.part_warm import MESSAGES
from bench.served.fit import FIT
from bench.served.workloads import LONG

JsonObject = dict[str, Any]

CHAT = "proxy/create_chat_completion"
AUTHORIZER = "auth/authorizer"


def goals(figures: JsonObject, costs: Model) -> list[JsonObject]:
    """A row for each goal; `value` is None and `met` False where it could not be measured."""
    return [
        *_warm(figures["warm"]["kinds"]["plain"]),
        *_messages(figures["warm"]["kinds"]),
        *_before(figures.get("before")),
        *_start(figures["start"]),
        *_memory(figures["memory"]),
        *_streams(figures["warm"]),
        *_counts(figures["counts"]),
        *_reconcile(figures["reconcile"]),
        *_served(figures.get("served")),
        *_costs(costs),
    ]


def _warm(plain: JsonObject) -> list[JsonObject]:
    ours = plain["ours"]
    portkey, litellm = plain.get("portkey"), plain.get("litellm")
    cpu = max(ours["cpuMs"]["median"], plain["ours over TLS"]["cpuMs"]["median"])
    rows = [
        _at_most("CPU of a warm plain chat (over TLS or not, the dearer)", cpu, "ms", 2.2),
        _at_most(
            "the same, of Portkey's",
            _ratio(ours["cpuMs"]["median"], portkey, "cpuMs", "median"),
            "ratio",
            0.55,
        ),
    ]
    for name in ("p50", "p99"):
        added = ours["addedMs"][name]
        rows.append(
            _at_most(
                f"added latency {name}, of Portkey's", _ratio(added, portkey, "addedMs", name), "ratio", 1.0
            )
        )
        rows.append(
            _at_most(
                f"added latency {name}, of LiteLLM's", _ratio(added, litellm, "addedMs", name), "ratio", 0.1
            )
        )
    return rows


def _messages(kinds: JsonObject) -> list[JsonObject]:
    return [
        _at_most(
            f"CPU of a Messages request to Claude, {kind}, of a chat's",
            kinds[kind][MESSAGES]["cpuRatio"]["median"],
            "ratio",
            1.2,
        )
        for kind in ("plain", "stream")
    ]


def _before(before: JsonObject | None) -> list[JsonObject]:
    """Against an earlier commit, where that was measured."""
    if before is None:
        return []
    rows = [
        _at_most(
            f"{what} of a warm {kind} chat, of {before['commit']}'s", before["warm"][kind]["now"][figure]["median"],
            "ratio", 1.05,
        )
        for kind in ("plain", "stream")
        for what, figure in (("CPU", "cpuRatio"), ("added p50", "addedRatio"))
    ]  # fmt: skip
    for function, of in before["start"].items():
        ready = of["cpuReadyMs"]["ratio"]["median"]
        rows.append(_at_most(f"CPU to start the {function}, of {before['commit']}'s", ready, "ratio", 1.05))
    return rows


def _start(start: JsonObject) -> list[JsonObject]:
    floor = start["the floor"]["cpuFirstAnswerMs"]["median"]
    chat = start[CHAT]["cpuFirstAnswerMs"]["median"]
    authorizer = start[AUTHORIZER]["cpuFirstAnswerMs"]["median"]
    return [
        _at_most("CPU to start: proxy, to its first answer", chat, "ms", 150),
        _at_most("CPU to start: authorizer, to its first answer", authorizer, "ms", 120),
        _at_most("CPU to start: proxy, of the floor", chat / floor, "ratio", 1.35),
        _at_most("CPU to start: authorizer, of the floor", authorizer / floor, "ratio", 1.35),
    ]


def _memory(memory: JsonObject) -> list[JsonObject]:
    last = memory["series"][-1][0]
    return [
        _at_most("memory after the start", memory["afterStartMb"], "MB", 45),
        _at_most("memory after 1,000 requests", memory["afterThousandMb"], "MB", 45),
        _at_most(f"growth over {last:,} requests", memory["grownMb"], "MB", 0.5),
    ]


def _streams(warm: JsonObject) -> list[JsonObject]:
    added = warm["kinds"]["stream"]["ours"]["addedFirstByteMs"]["p50"]
    return [
        _at_most("streams: added time to first byte, p50", added, "ms", 3),
        _at_most("streams: CPU of a chunk", warm["perChunkCpuMs"]["ours"]["median"], "ms", 0.05),
    ]


def _counts(counts: JsonObject) -> list[JsonObject]:
    calls = sum(counts["hotPath"]["plain"]["calls"].values())
    life = counts["life"]["one account"]
    return [
        _at_most("AWS calls on the path", calls, "calls", 2),
        _at_most("write units on the path", life["10"]["steps"]["reserve"]["writeUnits"], "units", 1),
        _at_most("write units of a whole life, batches of 10", life["10"]["writeUnits"], "units", 5),
    ]


def _served(served: JsonObject | None) -> list[JsonObject]:
    """Where it was measured: the worst draw of each workload, but for the one that is told beside them."""
    rows = [
        row for row in (served or {"rows": []})["rows"] if row["policy"] == FIT and row["workload"] != LONG
    ]
    return [
        goal
        for row in rows
        for goal in (
            _at_most(
                f"not served, of what the ideal serves: {row['workload']}",
                1 - row["least_served"],
                "ratio",
                0.05,
            ),
            _at_most(f"answers cut short by the balance: {row['workload']}", row["most_cut"], "ratio", 0.05),
        )
    ]


def _reconcile(reconcile: JsonObject) -> list[JsonObject]:
    second = reconcile["second"]
    return [
        _at_most("reconcile: memory, with an account of 500,000 entries", reconcile["peakMb"], "MB", 128),
        _at_most(
            "reconcile: entries of the second day that it reads, of those written",
            second["entriesReadOfTheDay"] / second["entriesWritten"],
            "ratio",
            1.0,
        ),
    ]


def _costs(costs: Model) -> list[JsonObject]:
    return [
        _at_most("a million chats at 2 s, batches of 10", sum(costs.parts(Scenario()).values()), "USD", 12),
        _at_most("a month without a request, list prices", sum(costs.fixed().values()), "USD", 3.5),
    ]


def _ratio(ours: float, peer: JsonObject | None, figure: str, name: str) -> float | None:
    return None if peer is None else ours / peer[figure][name]


def _at_most(name: str, value: float | None, unit: str, goal: float) -> JsonObject:
    met = value is not None and value <= goal
    rounded = None if value is None else float(f"{value:.3g}")
    return {"name": name, "value": rounded, "unit": unit, "goal": goal, "met": met}
