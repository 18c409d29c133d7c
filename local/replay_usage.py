"""`make replay-usage FILE=log`: send the events of `usage_lost` log lines to the billing-usage queue again.

Such a line holds the whole event of a request that neither bus nor queue took (aggregator/proxy/emit.py). FILE is
any log of the chat function, one JSON object a line; all other lines are passed over. Sending twice is harmless: a
request is charged once. Without --stack the queue is the embedded run's.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aggregator.contracts.ai_usage import DETAIL_TYPE, SOURCE
from local.target import Target

JsonObject = dict[str, Any]

_MOST_PER_CALL = 10


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 all sent, 1 some refused."""
    parser = argparse.ArgumentParser(prog="make replay-usage", description="Send lost usage events again.")
    parser.add_argument("file", type=Path, help="log of the chat function")
    parser.add_argument("--stack", help="name of a deployed stack; the embedded run by default")
    chosen = parser.parse_args(arguments)
    target = Target(chosen.stack)
    with chosen.file.open(encoding="utf-8") as lines:
        events = list(lost_events(lines))
    refused = send(target.client("sqs"), target.resource("BillingUsageQueue"), events)
    print(f"{len(events)} lost events, {len(events) - len(refused)} sent")
    for event in refused:
        print(f"refused by the queue: {event['requestId']}")
    return 1 if refused else 0


def lost_events(lines: Iterable[str]) -> Iterator[JsonObject]:
    """Events of the `usage_lost` lines, each request once."""
    seen: set[str] = set()
    for line in lines:
        said = _read(line)
        if said.get("message") == "usage_lost" and said["event"]["requestId"] not in seen:
            seen.add(said["event"]["requestId"])
            yield said["event"]


def send(sqs: Any, queue_url: str, events: list[JsonObject]) -> list[JsonObject]:
    """Send events in the envelope that the bus would give them; return those that the queue refused."""
    refused: list[JsonObject] = []
    for first in range(0, len(events), _MOST_PER_CALL):
        part = events[first : first + _MOST_PER_CALL]
        answer = sqs.send_message_batch(
            QueueUrl=queue_url,
            Entries=[{"Id": str(n), "MessageBody": envelope(event)} for n, event in enumerate(part)],
        )
        refused += [part[int(failed["Id"])] for failed in answer.get("Failed", [])]
    return refused


def envelope(event: JsonObject) -> str:
    """Message body of an event that goes straight to the queue."""
    return json.dumps({"version": "0", "source": SOURCE, "detail-type": DETAIL_TYPE, "detail": event})


def _read(line: str) -> JsonObject:
    """A log line, if it is JSON: functions also print what is none."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
