"""What an operator sees of the queues and the alarms, and where the runbook says what to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from aggregator.health.checks import Finding
from aggregator.runtime.schema import Moment, Response

QUEUES = {
    "billing-usage": "redrive-a-dead-letter-queue",
    "analytics-events": "redrive-a-dead-letter-queue",
    "reconcile": "redrive-a-dead-letter-queue",
    "telemetry": "redrive-a-dead-letter-queue",
    "stream": "publish-ledger-entries-again",
    "invocation": "alarms",
}
"""Each queue, and where the runbook says what to do about its dead letters. The last two are dead letters alone.

Telemetry's is there only while an endpoint is set."""

STATES: Mapping[str, Literal["ok", "alarm", "no_data"]] = {"OK": "ok", "ALARM": "alarm"}


class QueueDetails(Response):
    """A queue and its dead letters. Ages are in seconds, as CloudWatch measured them; null where it has not.

    `waiting`, `inFlight` and `delayed` are null where there are dead letters alone. `redrive` is the command that moves
    dead letters back, null where that is not how they are dealt with. `reason` says why nothing is known.
    """

    name: str
    waiting: int | None = None
    in_flight: int | None = None
    delayed: int | None = None
    oldest_seconds: int | None = None
    dead_letters: int | None = None
    oldest_dead_letter_seconds: int | None = None
    redrive: str | None = None
    runbook: str
    reason: str | None = None


class Alarm(Response):
    """An alarm: what it means, whether it rings, since when it is so, and where its description says what to do."""

    name: str
    state: Literal["ok", "alarm", "no_data"]
    since: Moment
    means: str
    runbook: str

    @classmethod
    def of(cls, said: Mapping[str, Any], runbook: str) -> "Alarm":
        """An alarm as CloudWatch describes it; its name there is `<stack>-<logical id>-<some letters>`."""
        parts = str(said["AlarmName"]).split("-")
        name = next((part for part in reversed(parts) if part.endswith("Alarm")), parts[-1])
        since: datetime = said["StateUpdatedTimestamp"]
        means, _, place = str(said.get("AlarmDescription", "")).rpartition(" ")
        if "#" not in place:
            means, place = f"{means} {place}".strip(), f"{runbook}#alarms"
        return cls(
            name=name,
            state=STATES.get(str(said["StateValue"]), "no_data"),
            since=since,
            means=means,
            runbook=place,
        )


class Details(Response):
    """`alarms` is null where CloudWatch did not answer, and empty where the stack has none."""

    queues: list[QueueDetails]
    alarms: list[Alarm] | None = Field(default=None)

    @classmethod
    def of(cls, findings: Sequence[Finding], stack: str | None, runbook: str) -> "Details":
        """Sort findings (`queue:billing-usage`, `ages`, `alarms`) into the answer; without a stack it runs locally.

        `runbook` is where operators read it: an address, or a file of the repository.
        """
        by_name = {finding.name: finding.facts for finding in findings}
        ages, alarms = by_name["ages"], by_name.get("alarms", {}).get("alarms")
        return cls(
            queues=[
                QueueDetails.model_validate(
                    {
                        "name": name,
                        **by_name[f"queue:{name}"],
                        "oldest_seconds": ages.get(name),
                        "oldest_dead_letter_seconds": ages.get(f"{name}-dlq"),
                        "redrive": _redrive(name, stack) if anchor.startswith("redrive") else None,
                        "runbook": f"{runbook}#{anchor}",
                    }
                )
                for name, anchor in QUEUES.items()
                if f"queue:{name}" in by_name
            ],
            alarms=None
            if alarms is None
            else sorted(
                (Alarm.of(each, runbook) for each in alarms),
                key=lambda alarm: (alarm.state != "alarm", alarm.name),
            ),
        )


def _redrive(name: str, stack: str | None) -> str:
    where = "" if stack is None else f' ARGS="--stack {stack}"'
    return f"make redrive QUEUE={name}{where}"
