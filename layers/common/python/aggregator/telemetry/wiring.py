"""The use case of telemetry, with its collaborators; the only reader of this domain's environment."""

import os
import random
import time
from collections.abc import Mapping, Sequence
from functools import cache, partial
from urllib.parse import urlsplit

from aggregator.runtime import clock
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.batch import Message
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.credentials import LambdaCredentials
from aggregator.runtime.observability import logger
from aggregator.runtime.public_post import post
from aggregator.runtime.sigv4 import Signer
from aggregator.telemetry import conventions as name
from aggregator.telemetry.endpoint import Target, endpoint_of
from aggregator.telemetry.export import Exporter
from aggregator.telemetry.otlp import JsonObject
from aggregator.telemetry.secret import OtlpSecret
from aggregator.telemetry.send import MOST_ANSWER_BYTES, Sender, Sent

HIDDEN_SECONDS = 300
"""How long a message is hidden that was not done, as the template says; only longer waits have to be asked for."""

_LONGEST_HIDDEN_SECONDS = 43_000
"""SQS hides a message for twelve hours at the most, from when it was received."""


def export(messages: Sequence[Message]) -> frozenset[str]:
    """See `Exporter.export`; messages that are to wait for longer than usual are hidden for so long."""
    done = exporter().export(messages)
    if done.after_seconds is not None and done.after_seconds > HIDDEN_SECONDS:
        _hide([each for each in messages if each.id in done.failed], done.after_seconds)
    return done.failed


@cache
def exporter() -> Exporter:
    """What exports, as this function's environment has it."""
    region, environment = os.environ["AWS_REGION"], os.environ["ENVIRONMENT"]
    version = os.environ["AGGREGATOR_VERSION"]
    is_local = environment == "local"
    endpoint = endpoint_of(
        os.environ["OTLP_ENDPOINT"], os.environ["OTLP_SIGNALS"], region, this_machine=is_local
    )
    posting = partial(
        post, user_agent="aggregator-otlp/1", this_machine=is_local, most_answer_bytes=MOST_ANSWER_BYTES
    )
    return Exporter(
        endpoint,
        _Sending(
            Sender(posting, clock.now, time.sleep, random.random),
            OtlpSecret(BotoClient("secretsmanager"), os.environ["OTLP_SECRET"], time.monotonic),
            region,
        ),
        resource={
            name.SERVICE_NAME: "ai-aggregator",
            name.SERVICE_NAMESPACE: os.environ["OTLP_NAMESPACE"],
            name.SERVICE_VERSION: version,
            name.DEPLOYMENT: environment,
            name.CLOUD_PROVIDER: "aws",
            name.CLOUD_REGION: region,
        },
        instance={name.SERVICE_INSTANCE: os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]},
        scope={"name": "aggregator.telemetry", "version": version},
    )


class _Sending:
    """Posts with the headers of the secret, or with AWS's signature."""

    def __init__(self, sender: Sender, secret: OtlpSecret, region: str) -> None:
        self._sender = sender
        self._secret = secret
        self._region = region
        self._credentials = LambdaCredentials()

    def user_key(self) -> str | None:
        """See `Sending.user_key`."""
        return self._secret.known().user_key

    def send(self, target: Target, payload: JsonObject, count: int) -> Sent:
        """See `Sending.send`."""
        if target.service is None:
            return self._sender.send(target.url, payload, count, self._known)
        return self._sender.send(
            target.url, payload, count, partial(self._signed, target.url, target.service)
        )

    def _known(self, anew: bool, headers: Mapping[str, str], _body: bytes) -> Mapping[str, str]:
        return {**self._secret.known(anew=anew).headers, **headers}

    def _signed(
        self, url: str, service: str, _anew: bool, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        parts = urlsplit(url)
        said = {**headers, "host": parts.netloc}
        signer = Signer(service, self._region)
        return signer.sign(said, body, self._credentials(), at=time.time(), path=parts.path)


def _hide(messages: Sequence[Message], seconds: float, sqs: Aws | None = None) -> None:
    """Let messages wait; if that cannot be said, they come again as usual."""
    queue = sqs or BotoClient("sqs")
    hidden = min(int(seconds), _LONGEST_HIDDEN_SECONDS)
    for first in range(0, len(messages), 10):
        entries = [
            {"Id": str(n), "ReceiptHandle": each.receipt, "VisibilityTimeout": hidden}
            for n, each in enumerate(messages[first : first + 10])
        ]
        try:
            queue.call(
                "ChangeMessageVisibilityBatch", {"QueueUrl": os.environ["OTLP_QUEUE_URL"], "Entries": entries}
            )
        except AwsError as refused:
            logger.warning("Messages not hidden", code=refused.code, messages=len(entries))
