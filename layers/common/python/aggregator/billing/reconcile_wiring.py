"""Collaborators of reconciling; with `wiring.py`, the only readers of this domain's environment.

Reconciling reads more items than all other cold functions together. So it takes the signed client: boto3 needs 40 MB to
be there and 100 microseconds an entry to take an answer apart, on a seventh of a core.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from functools import cache

from aggregator.billing.books_store import BooksStore
from aggregator.billing.reconcile import Reading
from aggregator.billing.reconcile_run import Run, first_message, reconcile_batch
from aggregator.billing.repricing import Prices
from aggregator.billing.run_store import RunStore
from aggregator.errors import JsonObject
from aggregator.orchestrator.price_versions import price_versions
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.batch import Message
from aggregator.runtime.signed_client import SignedClient

WORK_SECONDS = 100
"""What is begun in an invocation; the function may take 180 s, and what is left goes on in the next."""

_MESSAGES_A_CALL = 10


def start() -> JsonObject:
    """Begin a run now; return its name."""
    run = clock.iso(clock.now())
    _runs().begin(run)
    _send([first_message(run)])
    return {"run": run}


def work(messages: Sequence[Message]) -> set[str]:
    """Do what messages ask; return the ids of those that must come again."""
    until = time.monotonic() + WORK_SECONDS
    now = clock.now()
    how = Reading(
        now.timestamp(),
        prices=Prices(price_versions(_catalogue().current(now))),
        has_time=lambda: time.monotonic() < until,
        closes=True,
    )
    return reconcile_batch(Run(_books(), _runs(), _send, how), messages)


def _send(messages: Sequence[JsonObject]) -> None:
    for some in _batched(messages):
        entries = [
            {"Id": str(n), "MessageBody": json.dumps({"detail": each}, separators=(",", ":"))}
            for n, each in enumerate(some)
        ]
        answer = _sqs().call(
            "SendMessageBatch", {"QueueUrl": os.environ["RECONCILE_QUEUE_URL"], "Entries": entries}
        )
        if answer.get("Failed"):
            raise AwsError(answer["Failed"][0].get("Code", "Unsent"), "the queue did not take all messages")


def _batched(messages: Sequence[JsonObject]) -> Iterator[Sequence[JsonObject]]:
    for first in range(0, len(messages), _MESSAGES_A_CALL):
        yield messages[first : first + _MESSAGES_A_CALL]


@cache
def _books() -> BooksStore:
    return BooksStore(_dynamodb(), os.environ["BILLING_TABLE"])


@cache
def _runs() -> RunStore:
    return RunStore(_dynamodb(), os.environ["BILLING_TABLE"], time.time)


@cache
def _catalogue() -> CatalogueReader:
    return CatalogueReader(_dynamodb(), os.environ["ORCHESTRATOR_TABLE"])


@cache
def _dynamodb() -> Aws:
    return SignedClient("dynamodb")


@cache
def _sqs() -> Aws:
    return SignedClient("sqs")
