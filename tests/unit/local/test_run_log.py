"""What a run prints of the requests that it serves."""

from pathlib import Path

import pytest

from local.request_log import Served
from local.run import Run

SERVED = Served("12:00:01", "GET", "/health", 200, 3.0, {})


def test_requests_of_the_start_itself_are_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path, 0)

    run._served(SERVED)
    before = capsys.readouterr().out
    run._is_up = True
    run._served(SERVED)

    assert before == ""
    assert capsys.readouterr().out == "12:00:01  GET /health                            200       3 ms\n"
