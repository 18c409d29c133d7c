"""Answer of the health endpoint."""

from typing import Literal

from pydantic import Field

from aggregator.health.checks import Finding, Status, overall
from aggregator.runtime.schema import Response


class Dependency(Response):
    """One thing that requests, or the record of them, need."""

    status: Literal["ok", "degraded", "down"]
    latency_ms: int
    reason: str | None = Field(default=None, description="Why it is not ok.")


class Table(Dependency):
    """A domain, by its table."""

    table_status: str | None = None


class Queue(Dependency):
    """A queue and its dead letter queue: messages waiting in each."""

    depth: int | None = None
    dlq_depth: int | None = None


class Providers(Dependency):
    """The catalogue, as requests see it."""

    catalogue_version: int | None = None
    models: int | None = None
    providers: int | None = None


class Health(Response):
    """The platform's state. `uptimeMs` counts from the start of the environment that answered."""

    status: Literal["ok", "degraded", "down"]
    version: str
    uptime_ms: int
    domains: dict[str, Table]
    bus: Dependency
    queues: dict[str, Queue]
    providers: Providers

    @property
    def http_status(self) -> int:
        """503 when requests cannot be served."""
        return 503 if self.status == "down" else 200

    @classmethod
    def of(cls, findings: list[Finding], version: str, uptime_ms: int) -> "Health":
        """Sort findings (named `table:auth`, `bus`, `queue:billingUsage`, `providers`) into the answer."""
        by_name = {finding.name: finding for finding in findings}
        status: Status = overall(findings)
        return cls(
            status=status,
            version=version,
            uptime_ms=uptime_ms,
            domains={
                name.removeprefix("table:"): Table.model_validate(_facts(finding))
                for name, finding in by_name.items()
                if name.startswith("table:")
            },
            bus=Dependency.model_validate(_facts(by_name["bus"])),
            queues={
                name.removeprefix("queue:"): Queue.model_validate(_facts(finding))
                for name, finding in by_name.items()
                if name.startswith("queue:")
            },
            providers=Providers.model_validate(_facts(by_name["providers"])),
        )


def _facts(finding: Finding) -> dict[str, object]:
    return {"status": finding.status, "latency_ms": finding.latency_ms, **finding.facts}
