"""The queues of a running stack as tests use them: with holds to be settled through them, and settling broken."""

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import boto3

from aggregator.billing.store import BillingStore
from aggregator.runtime.signed_client import SignedClient
from aggregator.runtime.sigv4 import Credentials
from local.emulator import ACCOUNT, REGION
from tests.e2e.caller import UserCaller
from tests.e2e.stack import Stack
from tests.faults.usage import Model, usage_event

JsonObject = dict[str, Any]

SETTLE_FUNCTION = "BillingSettleUsageFunction"


class Queues:
    """The billing-usage queue and its dead letter queue, with holds to be settled through them."""

    def __init__(self, stack: Stack) -> None:
        self.client = partial(
            boto3.client,
            endpoint_url=stack.emulator_url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )
        self.stack = stack
        self.sqs = self.client("sqs")
        self.queue = stack.resources["BillingUsageQueue"]
        self.dead = stack.resources["BillingUsageDlq"]

    def requests(self, users: list[UserCaller], count: int) -> list[JsonObject]:
        """That many requests of these users that hold money, as their events."""
        client = SignedClient(
            "dynamodb",
            endpoint=self.stack.emulator_url,
            region=REGION,
            credentials=lambda: Credentials(ACCOUNT, "local", None),
        )
        store = BillingStore(client, self.stack.resources["BillingTable"])
        model = Model.of_the_catalogue("gpt-4o-mini")
        events = [
            usage_event(store, users[n % len(users)].user_id, f"{_now_ms():012x}-{uuid.uuid4()}", model=model)
            for n in range(count)
        ]
        client.close()
        return events

    def try_again_after(self, seconds: int) -> None:
        """Have a message that failed come again so soon; one that takes longer comes again as well."""
        attributes = {"VisibilityTimeout": str(seconds)}
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes=attributes)

    def send(self, bodies: Iterable[str]) -> None:
        """Put messages on the queue."""
        waiting = list(bodies)
        parts = [waiting[first : first + 10] for first in range(0, len(waiting), 10)]
        for part in parts:
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(part)]
            self.sqs.send_message_batch(QueueUrl=self.queue, Entries=entries)

    def depths(self) -> tuple[int, int]:
        """Messages on the queue, hidden ones too, and on the dead letter queue."""
        return self._depth(self.queue), self._depth(self.dead)

    def waiting(self) -> int:
        """Messages that settling or the metrics have not taken yet."""
        return self._depth(self.queue) + self._depth(self.stack.resources["AnalyticsEventsQueue"])

    def take_dead(self) -> list[str]:
        """Take all messages off the dead letter queue."""
        taken: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.dead, ReceiptHandle=message["ReceiptHandle"])
                taken.append(message["Body"])
        return taken

    @contextmanager
    def settling_into(self, table: str) -> Iterator[None]:
        """Have the settle function use that table, whether it is there or not."""
        functions = self.client("lambda")
        name = self.stack.resources[SETTLE_FUNCTION]
        right = functions.get_function_configuration(FunctionName=name)["Environment"]
        wrong = {"Variables": right["Variables"] | {"BILLING_TABLE": table}}
        functions.update_function_configuration(FunctionName=name, Environment=wrong)
        try:
            yield
        finally:
            functions.update_function_configuration(FunctionName=name, Environment=right)

    def _depth(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(said[name]) for name in names)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
