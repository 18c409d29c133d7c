"""Logs and metrics of the hot functions: one JSON line each, with the names Powertools gives them elsewhere.

A metric is a line in CloudWatch's embedded metric format. Source: "Embedded metric format specification".
"""

import json
import os
import sys
import time
from typing import Any

NAMESPACE = "Aggregator"

_LINE = json.JSONEncoder(separators=(",", ":"), default=str).encode
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


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


def _least() -> int:
    """Place of the level below which nothing is said: LOG_LEVEL, which holds for lines, and not for metrics."""
    said = os.environ.get("LOG_LEVEL", "INFO")
    wanted = "WARNING" if said == "WARN" else said
    return _LEVELS.index(wanted) if wanted in _LEVELS else 1


def _write(level: str, message: str, fields: dict[str, Any]) -> None:
    if _LEVELS.index(level) < _least():
        return
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    said = {"level": level, "message": message, "timestamp": f"{moment}Z"} | fields
    _say(_LINE(said))


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
