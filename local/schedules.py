"""The clock of the embedded run: what the template has begin every minute begins here every minute, too.

The emulator keeps schedules and starts nothing by them.
"""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

JsonObject = dict[str, Any]

EVERY_MINUTE = "cron(* * * * ? *)"


def every_minute(template: JsonObject) -> list[str]:
    """The functions that a template's schedules start each minute."""
    return [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "Schedule" and event["Properties"]["Schedule"] == EVERY_MINUTE
    ]


def keep_time(
    functions: Sequence[str],
    invoke: Callable[[str, JsonObject], object],
    stop: threading.Event,
    seconds_to_next: Callable[[], float] = lambda: 60 - time.time() % 60,
) -> threading.Thread:
    """Start each function at each full minute, one after the other, until `stop`; one that fails is said."""

    def run() -> None:
        while not stop.wait(seconds_to_next()):
            for function in functions:
                try:
                    invoke(function, {})
                except Exception as failed:
                    if not stop.is_set():
                        sys.stderr.write(f"{function}: {failed}\n")

    clock = threading.Thread(target=run, name="clock", daemon=True)
    clock.start()
    return clock
