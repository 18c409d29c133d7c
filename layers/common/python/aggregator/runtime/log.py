"""Logs and metrics of the hot functions: one JSON line each, with the names Powertools gives them elsewhere.

A metric is a line in CloudWatch's embedded metric format. Source: "Embedded metric format specification".
"""

import json
import os
import sys
import time
from typing import Any

from aggregator.runtime.passable_json import writer

NAMESPACE = "Aggregator"

_line = writer(default=str)
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def place_of(level: str) -> int:
    """Where a level stands among the others; one that is unknown, where INFO does."""
    wanted = "WARNING" if level == "WARN" else level
    return _LEVELS.index(wanted) if wanted in _LEVELS else 1


_LEAST = place_of(os.environ.get("LOG_LEVEL", "INFO"))
"""Below it nothing is said; it holds for lines, and not for metrics."""


def info(message: str, **fields: Any) -> None:
    """Say what happened; a refusal that was to be expected is news of this kind."""
    _write("INFO", message, fields)


def warning(message: str, **fields: Any) -> None:
    """Say what went wrong and was dealt with."""
    _write("WARNING", message, fields)


def error(message: str, **fields: Any) -> None:
    """Say what is broken and needs a person."""
    _write("ERROR", message, fields)


def count(name: str, value: int = 1) -> None:
    """Add to a counter metric."""
    environment = os.environ.get("ENVIRONMENT", "local")
    embedded = {
        "Timestamp": int(time.time() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["service"]],
                "Metrics": [{"Name": name, "Unit": "Count"}],
            }
        ],
    }
    _say(json.dumps({"_aws": embedded, "service": environment, name: value}))


def _write(level: str, message: str, fields: dict[str, Any]) -> None:
    if _LEVELS.index(level) < _LEAST:
        return
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    said = {"level": level, "message": message, "timestamp": f"{moment}Z"} | fields
    _say(_line(said))


def _say(line: str) -> None:
    """One write to Lambda's log; `print` makes two of it."""
    sys.stdout.write(f"{line}\n")


def trace_of(failed: BaseException) -> list[str]:
    """Where an unexpected error came from, without its message, which may quote a prompt."""
    places = []
    trace = failed.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return [type(failed).__name__, *places]
