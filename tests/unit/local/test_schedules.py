"""The clock of the embedded run: what the template starts each minute, and nothing else, whatever fails."""

import threading

import pytest

from local.schedules import every_minute, keep_time
from tests.tables import load_template


def test_what_the_template_starts_each_minute() -> None:
    assert sorted(every_minute(load_template())) == [
        "AlertsWatchFunction",
        "BillingTopUpAutomaticallyFunction",
    ]


def test_each_minute_all_are_started_and_one_that_fails_stops_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    started: list[str] = []
    stop = threading.Event()

    def invoke(function: str, _: object) -> None:
        started.append(function)
        if len(started) == 4:
            stop.set()
        if function == "a":
            raise RuntimeError("it broke")

    keep_time(["a", "b"], invoke, stop, lambda: 0).join(10)

    assert started == ["a", "b", "a", "b"]
    assert capsys.readouterr().err == "a: it broke\na: it broke\n"
