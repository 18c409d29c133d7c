"""`python -m local.logs`: what the functions of the running stack logged, oldest first. `make logs` calls this."""

import argparse
import json
import sys
import time
from typing import Any

import boto3

from local.emulator import ACCOUNT
from local.paths import local_dir

JsonObject = dict[str, Any]


def main() -> int:
    """Print the log lines of the last minutes, each with its function; 1 if nothing runs."""
    parser = argparse.ArgumentParser(prog="python -m local.logs", description="Logs of the running functions")
    parser.add_argument("--minutes", type=float, default=10)
    since_ms = int((time.time() - 60 * parser.parse_args().minutes) * 1000)
    try:
        said = json.loads((local_dir() / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        print("Nothing runs here: start it with make run", file=sys.stderr)
        return 1
    for line in lines_of(said["emulatorUrl"], said["region"], since_ms):
        print(line)
    return 0


def lines_of(emulator_url: str, region: str, since_ms: int) -> list[str]:
    """Log lines of all functions since a moment, as `<log group>  <line>`."""
    logs = boto3.client(
        "logs",
        endpoint_url=emulator_url,
        region_name=region,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",  # noqa: S106 (the emulator asks for none)
    )
    found = [
        (event["timestamp"], group["logGroupName"], event["message"].rstrip())
        for page in logs.get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
        for event in _events_of(logs, group["logGroupName"], since_ms)
    ]
    return [f"{group}  {message}" for _, group, message in sorted(found)]


def _events_of(logs: Any, group: str, since_ms: int) -> list[JsonObject]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
    return [event for page in pages for event in page["events"]]


if __name__ == "__main__":
    sys.exit(main())
