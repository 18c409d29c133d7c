"""Ask everything that requests need, all at once, and never wait longer than a moment.

`down` is what requests cannot do without; where only the record of them suffers (analytics, a dead letter queue that
is not empty) the platform is `degraded`, and still serves.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["ok", "degraded", "down"]

WAIT_SECONDS = 1.5
"""How long all checks together may take; with the rest of the call that stays under two seconds."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to ask. `ask` returns facts to show and raises if it fails; `vital`: requests need it.

    `warn` looks at the facts and says whether something is not as it should be.
    """

    name: str
    ask: Callable[[], Mapping[str, Any]]
    vital: bool = True
    warn: Callable[[Mapping[str, Any]], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found, and how long it took."""

    name: str
    status: Status
    latency_ms: int
    facts: Mapping[str, Any] = field(default_factory=dict)


def examine(
    probes: list[Probe], monotonic: Callable[[], float], wait_seconds: float = WAIT_SECONDS
) -> list[Finding]:
    """Run all probes at once; one that has not answered in time, or has failed, is down (or degraded)."""
    pool = ThreadPoolExecutor(max_workers=max(1, len(probes)))
    started = monotonic()
    running = {probe.name: pool.submit(_run, probe, monotonic) for probe in probes}
    wait(running.values(), timeout=wait_seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    late_ms = round((monotonic() - started) * 1000)
    return [
        running[probe.name].result()
        if running[probe.name].done()
        else Finding(probe.name, _failed(probe), late_ms, {"reason": "timed out"})
        for probe in probes
    ]


def overall(findings: list[Finding]) -> Status:
    """The worst of all."""
    statuses = {finding.status for finding in findings}
    return "down" if "down" in statuses else "degraded" if "degraded" in statuses else "ok"


def _run(probe: Probe, monotonic: Callable[[], float]) -> Finding:
    started = monotonic()
    try:
        facts = probe.ask()
        status: Status = "degraded" if probe.warn(facts) else "ok"
    except Exception as broken:
        # Whatever fails here is the finding; its message may hold internals, so its kind alone is shown.
        reason = {"reason": getattr(broken, "code", type(broken).__name__)}
        return Finding(probe.name, _failed(probe), _ms_since(started, monotonic), reason)
    return Finding(probe.name, status, _ms_since(started, monotonic), facts)


def _failed(probe: Probe) -> Status:
    return "down" if probe.vital else "degraded"


def _ms_since(started: float, monotonic: Callable[[], float]) -> int:
    return round((monotonic() - started) * 1000)
