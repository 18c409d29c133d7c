"""Two runs never share a folder: the second would take the first one's addresses and logs away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.folder import FolderTakenError, take
from local.paths import ROOT


def test_a_folder_has_one_run_at_a_time(tmp_path: Path) -> None:
    first = take(tmp_path)
    with pytest.raises(FolderTakenError, match=f"Another run has its files in {tmp_path}"):
        take(tmp_path)

    first.close()

    take(tmp_path).close()


def test_a_second_run_in_a_folder_says_how_to_have_two_and_leaves_the_first_alone(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("of the first", encoding="utf-8")
    first = take(tmp_path)

    second = subprocess.run(
        [sys.executable, "-m", "local", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"AGGREGATOR_LOCAL_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    first.close()
    assert second.returncode == 1
    assert second.stderr == (
        f"Another run has its files in {tmp_path}. Stop it, or give this one a folder:"
        " AGGREGATOR_LOCAL_DIR=/some/folder make run PORT=0\n"
    )
    assert (tmp_path / "run.json").read_text(encoding="utf-8") == "of the first"
