"""Metrics over 92 days: what is read, and how much memory that takes, in a process of its own."""

import json
import subprocess
import sys
from typing import Any

import pytest

from local.paths import ROOT

MOST_MB = 107
"""What Lambda leaves of 128 MB: it counts 35 for a function that does nothing, 14 of them that function's own."""


def asked(combinations: int, group_by: str, *more: str) -> list[dict[str, Any]]:
    """What each answer took, until the days were packed and once more."""
    done = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", "bench.metrics", str(combinations), "--group-by", group_by, *more],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/common/python'}", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"status"')]


@pytest.mark.parametrize("group_by", ["", "key,model"])
def test_a_users_92_days_are_read_once_and_are_packs_from_then_on(group_by: str) -> None:
    first, again = asked(10, group_by)

    assert [each["status"] for each in (first, again)] == [200, 200]
    assert (first["cells"], first["packed"]) == (92 * 24 * 10, 92)
    assert (again["cells"], again["pages"]) == (0, 1)
    assert again["digest"] == first["digest"]
    assert max(first["peakMb"], again["peakMb"]) < MOST_MB


def test_the_longest_answer_is_packed_in_steps_and_fits() -> None:
    *steps, first, again = asked(43, "key,model")

    assert [each["status"] for each in (*steps, first, again)] == [503, 503, 503, 200, 200]
    assert [each["packed"] for each in steps] == [24, 48, 72]
    assert max(each["cells"] for each in steps) < 27_000
    assert (again["cells"], again["pages"], again["digest"]) == (0, 1, first["digest"])
    assert again["bytes"] > 1_900_000
    assert again["peakMb"] < MOST_MB


def test_where_days_are_packed_ahead_the_first_question_reads_no_hours() -> None:
    first, again = asked(43, "key,model", "--ahead")

    assert [(each["status"], each["cells"], each["pages"]) for each in (first, again)] == [(200, 0, 1)] * 2
    assert first["digest"] == again["digest"]
    assert first["peakMb"] < MOST_MB
