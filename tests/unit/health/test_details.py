"""What operators see of queues and alarms: what cannot be asked is null, and what is told leads to the runbook."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.health.checks import Finding
from aggregator.health.details import QUEUES, Details

ROOT = Path(__file__).parents[3]


def findings(**facts: dict[str, Any]) -> list[Finding]:
    names = [*(f"queue:{name}" for name in QUEUES), "ages", "alarms"]
    return [Finding(name, "ok", 1, facts.get(name.replace(":", "_").replace("-", "_"), {})) for name in names]


def alarm(name: str, state: str, means: str = "It rings.") -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmDescription": means,
        "StateValue": state,
        "StateUpdatedTimestamp": datetime(2026, 11, 23, 8, tzinfo=UTC),
    }


def test_what_did_not_answer_is_null_and_says_why() -> None:
    details = Details.of(
        findings(queue_reconcile={"reason": "timed out"}), "prod", "https://wiki.example.com/runbook"
    )

    (queue,) = (each for each in details.queues if each.name == "reconcile")
    assert (queue.waiting, queue.dead_letters, queue.reason) == (None, None, "timed out")
    assert details.alarms is None


def test_a_queue_that_nobody_made_is_not_among_them() -> None:
    made = [each for each in findings() if each.name != "queue:telemetry"]

    assert [each.name for each in Details.of(made, "prod", "docs/runbook.md").queues] == [
        "billing-usage", "analytics-events", "reconcile", "stream", "invocation",
    ]  # fmt: skip
    assert [each.name for each in Details.of(findings(), "prod", "docs/runbook.md").queues][3] == "telemetry"


def test_the_embedded_run_has_no_stack_to_name() -> None:
    details = Details.of(findings(), None, "docs/runbook.md")

    assert details.queues[0].redrive == "make redrive QUEUE=billing-usage"


def test_alarms_are_named_as_the_template_names_them_and_what_rings_comes_first() -> None:
    said = [
        alarm("prod-Obs-1A-ApiErrorsAlarm-X1", "OK", "Many fail. https://wiki.example/run#apierrorsalarm"),
        alarm("prod-Obs-1A-LedgerAlarm-X2", "INSUFFICIENT_DATA", ""),
        alarm("prod-Obs-1A-UsageLostAlarm-X3", "ALARM", "It is lost. docs/runbook.md#usagelostalarm"),
        alarm("prod-by-hand", "OK"),
    ]

    details = Details.of(findings(alarms={"alarms": said}), "prod", "https://wiki.example.com/runbook")

    assert [(each.name, each.state, each.means, each.runbook) for each in details.alarms or ()] == [
        ("UsageLostAlarm", "alarm", "It is lost.", "docs/runbook.md#usagelostalarm"),
        ("ApiErrorsAlarm", "ok", "Many fail.", "https://wiki.example/run#apierrorsalarm"),
        ("LedgerAlarm", "no_data", "", "https://wiki.example.com/runbook#alarms"),
        ("hand", "ok", "It rings.", "https://wiki.example.com/runbook#alarms"),
    ]


def test_every_queue_leads_to_a_heading_that_the_runbook_has() -> None:
    text = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }

    assert set(QUEUES.values()) <= headings
