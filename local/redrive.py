"""`make redrive QUEUE=billing-usage`: move what is in a dead letter queue back to its queue.

Without --stack they are the embedded run's; with it, those deployed under that name in the account at hand.
A message leaves the dead letter queue only when its queue has it. One that was sent and could not be taken away comes
twice: harmless, for a request is charged once and an entry counted once.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from local.target import Target

JsonObject = dict[str, Any]

# Logical ids in template.yaml: the queue, and its dead letter queue.
QUEUES = {
    "billing-usage": ("BillingUsageQueue", "BillingUsageDlq"),
    "analytics-events": ("AnalyticsEventsQueue", "AnalyticsEventsDlq"),
    "reconcile": ("ReconcileQueue", "ReconcileDlq"),
    "telemetry": ("TelemetryQueue", "TelemetryDlq"),
}

_MOST_PER_CALL = 10
_HIDDEN_SECONDS = 60


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 all moved, 1 some refused."""
    parser = argparse.ArgumentParser(
        prog="make redrive", description="Empty a dead letter queue into its queue."
    )
    parser.add_argument("queue", choices=sorted(QUEUES))
    parser.add_argument("--stack", help="name of a deployed stack; the embedded run by default")
    chosen = parser.parse_args(arguments)
    target = Target(chosen.stack)
    queue, dead = (target.resource(logical_id) for logical_id in QUEUES[chosen.queue])
    moved, refused = redrive(target.client("sqs"), dead, queue)
    print(f"{chosen.queue}: {moved} messages moved back, {refused} refused and left where they were")
    return 1 if refused else 0


def redrive(sqs: Any, dead_url: str, queue_url: str) -> tuple[int, int]:
    """Move every message; return how many moved, and how many the queue refused."""
    moved = refused = 0
    for messages in _received(sqs, dead_url):
        sent = _sent(sqs, queue_url, messages)
        if sent:
            sqs.delete_message_batch(
                QueueUrl=dead_url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(sent)
                ],
            )
        moved += len(sent)
        refused += len(messages) - len(sent)
    return moved, refused


def _received(sqs: Any, url: str) -> Iterator[list[JsonObject]]:
    """Batches until none is there; what was received is hidden meanwhile, so it comes once."""
    while True:
        messages: list[JsonObject] = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_MOST_PER_CALL,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not messages:
            return
        yield messages


def _sent(sqs: Any, url: str, messages: list[JsonObject]) -> list[JsonObject]:
    """Those of the messages that the queue took."""
    entries = [
        {"Id": str(n), "MessageBody": each["Body"]}
        | ({"MessageAttributes": each["MessageAttributes"]} if each.get("MessageAttributes") else {})
        for n, each in enumerate(messages)
    ]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return [messages[int(done["Id"])] for done in answer.get("Successful", [])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
