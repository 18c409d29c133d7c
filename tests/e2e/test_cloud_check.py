"""`make cloud-check` against the embedded stack: all that an emulator can answer is as it should be."""

import os
import subprocess
import sys

from tests.e2e.stack import ROOT, Stack

SKIPPED = {"As many functions", "What functions print", "All alarms are there"}


def test_the_embedded_stack_passes_and_what_only_an_account_knows_is_said_to_be_skipped(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local.cloud_check"],
        cwd=ROOT,
        env={**os.environ, "AGGREGATOR_LOCAL_DIR": str(stack.folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    lines = done.stdout.splitlines()
    assert lines[-1].endswith(" 3 skipped, 0 failed"), done.stdout + done.stderr
    assert done.returncode == 0
    skipped = {line.removeprefix("skipped  ") for line in lines if line.startswith("skipped")}
    assert all(any(line.startswith(each) for line in skipped) for each in SKIPPED)
