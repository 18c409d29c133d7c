"""What reconciling found, as the function's answer, its log and its metrics."""

from collections.abc import Callable, Iterable
from typing import Any

from aggregator.billing.reconcile import Finding, table_of
from aggregator.errors import JsonObject
from aggregator.runtime.observability import count, flush, logger

FEW_ORPHANS = 5
"""Holds that may lapse without anybody being told: a process that died is one."""

LambdaHandler = Callable[[JsonObject, Any], JsonObject]


def reporting(examine: Callable[[Iterable[JsonObject], bool], list[Finding]]) -> LambdaHandler:
    """Lambda handler: `{"events": [...], "whole": true}` (optional `ai_usage` events) in, verdict and table out.

    `LedgerFindings`, which alarms, counts the accounts that are not sound, and one more if many holds lapsed. The
    function itself succeeds, since running it again would find the same.
    """

    def handler(event: JsonObject, _context: Any) -> JsonObject:
        findings = examine(event.get("events") or [], bool(event.get("whole")))
        unsound = [finding for finding in findings if not finding.is_sound]
        report: JsonObject = {
            "sound": not unsound,
            "accounts": len(findings),
            "entries": sum(finding.entries for finding in findings),
            "driftNanoUsd": sum(abs(finding.drift_nano_usd) for finding in findings),
            "orphanHolds": sum(finding.orphan_holds for finding in findings),
            "platformLossNanoUsd": sum(finding.loss_nano_usd for finding in findings),
            "mispriced": [entry for finding in unsound for entry in finding.mispriced],
            "unbooked": [request for finding in unsound for request in finding.unbooked],
            "untold": [entry for finding in unsound for entry in finding.untold],
        }
        count("LedgerDriftNanoUsd", report["driftNanoUsd"])
        count("OrphanHolds", report["orphanHolds"])
        count("LedgerFindings", len(unsound) + (report["orphanHolds"] > FEW_ORPHANS))
        (logger.error if unsound else logger.info)("reconciled", **report)
        flush()
        return {**report, "table": table_of(findings)}

    return handler
