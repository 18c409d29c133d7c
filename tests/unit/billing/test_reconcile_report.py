"""What a reconcile tells the log, the metrics and who asked."""

import json
from dataclasses import replace
from typing import Any

import pytest

from aggregator.billing.reconcile import Finding
from aggregator.billing.reconcile_report import reporting

SOUND = Finding(
    user_id="ann",
    entries=3,
    total_nano_usd=70,
    drift_nano_usd=0,
    orphan_holds=0,
    orphaned_nano_usd=0,
    loss_nano_usd=0,
)


def metrics_of(capsys: pytest.CaptureFixture[str], *findings: Finding) -> dict[str, Any]:
    reporting(lambda _events, _whole: list(findings))({}, None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (written,) = [line for line in lines if "_aws" in line]
    return {name: written[name] for name in ("LedgerDriftNanoUsd", "LedgerFindings", "OrphanHolds")}


def test_sound_accounts_with_few_lapsed_holds_alarm_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    told = metrics_of(capsys, SOUND, replace(SOUND, user_id="bob", orphan_holds=5))

    assert told == {"LedgerDriftNanoUsd": [0.0], "LedgerFindings": [0.0], "OrphanHolds": [5.0]}


def test_every_account_that_is_not_sound_counts_whatever_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    told = metrics_of(
        capsys,
        SOUND,
        replace(SOUND, drift_nano_usd=-40),
        replace(SOUND, mispriced=("r1", "r2")),
        replace(SOUND, unbooked=("r3",)),
        replace(SOUND, untold=("r4",)),
    )

    assert told == {"LedgerDriftNanoUsd": [40.0], "LedgerFindings": [4.0], "OrphanHolds": [0.0]}


def test_many_lapsed_holds_count_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = metrics_of(capsys, replace(SOUND, orphan_holds=4), replace(SOUND, user_id="bob", orphan_holds=2))

    assert told == {"LedgerDriftNanoUsd": [0.0], "LedgerFindings": [1.0], "OrphanHolds": [6.0]}
