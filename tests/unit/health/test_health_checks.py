"""Health: everything is asked at once, nothing is waited for long, and what is down is told without internals."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from aggregator.errors import StoreUnavailable
from aggregator.health.api import Health
from aggregator.health.checks import Finding, Probe, Status, examine, overall
from aggregator.runtime.aws import AwsError


def answers(name: str, facts: Mapping[str, Any] | None = None, *, vital: bool = True) -> Probe:
    return Probe(name, lambda: facts or {}, vital)


def fails(name: str, failure: Exception, *, vital: bool = True) -> Probe:
    def ask() -> Mapping[str, Any]:
        raise failure

    return Probe(name, ask, vital)


def test_what_answers_is_ok_and_shows_its_facts() -> None:
    (found,) = examine([answers("bus", {"depth": 3})], time.monotonic)

    assert (found.name, found.status, found.facts) == ("bus", "ok", {"depth": 3})
    assert 0 <= found.latency_ms < 500


@pytest.mark.parametrize(("vital", "status"), [(True, "down"), (False, "degraded")])
def test_what_fails_is_down_if_requests_need_it_and_degraded_if_not(vital: bool, status: str) -> None:
    (found,) = examine([fails("bus", AwsError("AccessDenied", "arn:secret"), vital=vital)], time.monotonic)

    assert (found.status, found.facts) == (status, {"reason": "AccessDenied"})


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (StoreUnavailable("The table arn:... is gone"), "service_unavailable"),
        (ZeroDivisionError("internal words"), "ZeroDivisionError"),
    ],
)
def test_a_failure_is_told_by_its_kind_alone(failure: Exception, reason: str) -> None:
    (found,) = examine([fails("providers", failure)], time.monotonic)

    assert found.facts == {"reason": reason}


def test_what_answers_but_is_not_as_it_should_be_is_degraded() -> None:
    probe = Probe("queue:x", lambda: {"dlq_depth": 1}, vital=False, warn=lambda facts: facts["dlq_depth"] > 0)

    (found,) = examine([probe], time.monotonic)

    assert (found.status, found.facts) == ("degraded", {"dlq_depth": 1})


def test_facts_that_cannot_be_judged_are_a_failure_and_no_crash() -> None:
    probe = Probe("queue:x", dict, vital=False, warn=lambda facts: facts["dlq_depth"] > 0)

    (found,) = examine([probe], time.monotonic)

    assert (found.status, found.facts) == ("degraded", {"reason": "KeyError"})


def test_what_hangs_is_not_waited_for() -> None:
    release = threading.Event()

    def hang() -> Mapping[str, Any]:
        release.wait(60)
        return {}

    started = time.monotonic()
    found = examine([Probe("table:auth", hang), answers("bus")], time.monotonic, wait_seconds=0.1)
    took = time.monotonic() - started
    release.set()

    assert [(each.name, each.status, each.facts) for each in found] == [
        ("table:auth", "down", {"reason": "timed out"}),
        ("bus", "ok", {}),
    ]
    assert took < 30


def test_all_are_asked_at_once() -> None:
    together = threading.Barrier(8, timeout=60)

    def ask() -> Mapping[str, Any]:
        together.wait()
        return {}

    found = examine([Probe(f"table:{n}", ask) for n in range(8)], time.monotonic, wait_seconds=60)

    assert [each.status for each in found] == ["ok"] * 8


def test_no_probes_find_nothing() -> None:
    assert examine([], time.monotonic, wait_seconds=0.1) == []


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        ([], "ok"),
        (["ok", "ok"], "ok"),
        (["ok", "degraded"], "degraded"),
        (["degraded", "down", "ok"], "down"),
    ],
)
def test_the_whole_is_as_well_as_its_worst_part(statuses: list[Status], whole: str) -> None:
    assert overall([Finding("x", status, 1) for status in statuses]) == whole


def platform(**changed: Finding) -> list[Finding]:
    parts = {
        "table:auth": Finding("table:auth", "ok", 3, {"table_status": "ACTIVE"}),
        "bus": Finding("bus", "ok", 4),
        "queue:billingUsage": Finding("queue:billingUsage", "ok", 5, {"depth": 7, "dlq_depth": 0}),
        "providers": Finding("providers", "ok", 6, {"catalogue_version": 9, "models": 115, "providers": 14}),
    }
    return list((parts | {finding.name: finding for finding in changed.values()}).values())


def test_the_answer_sorts_what_was_found() -> None:
    said = Health.of(platform(), "1.2.3", 5_000)

    assert said.http_status == 200
    assert said.model_dump(by_alias=True, exclude_none=True) == {
        "status": "ok",
        "version": "1.2.3",
        "uptimeMs": 5_000,
        "domains": {"auth": {"status": "ok", "latencyMs": 3, "tableStatus": "ACTIVE"}},
        "bus": {"status": "ok", "latencyMs": 4},
        "queues": {"billingUsage": {"status": "ok", "latencyMs": 5, "depth": 7, "dlqDepth": 0}},
        "providers": {
            "status": "ok",
            "latencyMs": 6,
            "catalogueVersion": 9,
            "models": 115,
            "providers": 14,
        },
    }


@pytest.mark.parametrize(("status", "http"), [("ok", 200), ("degraded", 200), ("down", 503)])
def test_only_what_keeps_requests_from_being_served_is_a_503(status: Status, http: int) -> None:
    said = Health.of(platform(bus=Finding("bus", status, 1, {"reason": "timed out"})), "1", 1)

    assert (said.status, said.http_status) == (status, http)
    assert said.bus.reason == "timed out"
