"""`python -m local.trace <request id>`: one request through all steps, as their logs tell it. `make trace` calls this.

It asks the running stack, or with `--stack` one in the account of your credentials. Exit status 1: no log has a line of
it. 2: nothing runs, or it is no request's id.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3

from aggregator.health.look_up import AFTER_MS, BEFORE_MS, REQUEST_ID, STEPS
from local.emulator import ACCESS
from local.paths import local_dir

STACK = "aggregator"
"""The name of the stack that runs here."""

_ELSEWHERE = frozenset(
    {"_aws", "level", "location", "service", "step", "timestamp", "request_id", "requestId", "traces"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """What a step logged: so many milliseconds after the request came."""

    after_ms: int
    step: str
    group: str
    said: str
    trace: str | None = None

    def __str__(self) -> str:
        return f"{self.after_ms:+8d} ms  {self.step:<27}  {self.group:<28}  {self.said}"


def main(arguments: list[str]) -> int:
    """Print a line for each log line of the request, in the order of the walk; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m local.trace", description="One request through all steps"
    )
    parser.add_argument("id", help="x-request-id of its answer")
    parser.add_argument(
        "--stack", help="a stack in the account of your credentials; else the one that runs here"
    )
    given = parser.parse_args(arguments)
    parts = REQUEST_ID.fullmatch(given.id)
    if parts is None:
        print("That is no request's id: it begins with twelve hexadecimal digits", file=sys.stderr)
        return 2
    try:
        logs = boto3.client("logs") if given.stack else _running()
    except FileNotFoundError:
        print("Nothing runs here: start it with make run, or name a --stack", file=sys.stderr)
        return 2
    came_ms = int(parts[1], 16)
    moment = datetime.fromtimestamp(came_ms / 1000, UTC).isoformat(timespec="milliseconds")
    print(f"{given.id} came {moment}")
    pattern = f"%{parts[2]}%" if given.stack else f'"{parts[2]}"'  # the emulator knows no regular expressions
    found = list(lines_of(logs, given.stack or STACK, pattern, came_ms, given.id))
    for trace in dict.fromkeys(line.trace for line in found if line.trace):
        steps = dict.fromkeys(line.step for line in found if line.trace == trace)
        print(f"trace {trace} of X-Ray, in {', '.join(steps)}")
    print("\n".join(map(str, found)) or "No log has a line of it.")
    return 0 if found else 1


def lines_of(logs: Any, stack: str, pattern: str, came_ms: int, request_id: str = "") -> Iterator[Line]:
    """The lines of all steps that a pattern finds: step by step, and in each as they came."""
    for step, group in STEPS:
        asked = {
            "logGroupName": f"/{stack}/{group}",
            "filterPattern": pattern,
            "startTime": came_ms - BEFORE_MS,
            "endTime": came_ms + AFTER_MS,
        }
        try:
            pages = list(logs.get_paginator("filter_log_events").paginate(**asked))
        except logs.exceptions.ResourceNotFoundException:
            continue
        for event in (event for page in pages for event in page["events"]):
            after_ms, message = event["timestamp"] - came_ms, event["message"]
            yield Line(after_ms, step, group, _shown(message), _trace_in(message, request_id))


def _shown(message: str) -> str:
    try:
        said = json.loads(message)
    except ValueError:
        return message.strip()
    own = {name: value for name, value in said.items() if name not in _ELSEWHERE}
    return " ".join(
        [str(own.pop("message", "")), *(f"{name}={value}" for name, value in own.items())]
    ).strip()


def _trace_in(message: str, request_id: str) -> str | None:
    """The trace that a line says a request is of: the door's own line, or one of a batch by request."""
    try:
        said = json.loads(message)
        trace = said.get("traces", {}).get(request_id) or said.get("traceId")
    except (ValueError, AttributeError):
        return None
    return str(trace).removeprefix("Root=") if trace else None


def _running() -> Any:
    said = json.loads((local_dir() / "run.json").read_text(encoding="utf-8"))
    return boto3.client(
        "logs",
        endpoint_url=said["emulatorUrl"],
        region_name=said["region"],
        aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
