"""`Aws` without boto3, for the hot functions: signed JSON over kept-alive connections, standard library only.

boto3 costs such a function ten times more CPU to start than all its other imports, and more than ten times more a call.
Its place is earned only while its requests and answers are tested to equal boto3's.
"""

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from aggregator.runtime.aws import TIMED_OUT, TRANSIENT, UNREACHABLE, AwsError, JsonObject
from aggregator.runtime.aws_json import SERVICES, decode, encode
from aggregator.runtime.credentials import CredentialSource, LambdaCredentials
from aggregator.runtime.http_pool import HttpPool, Origin
from aggregator.runtime.http_wire import NoAnswerError, NotSentError, request_bytes
from aggregator.runtime.sigv4 import Credentials, Signer

REPEATABLE = frozenset({
    "GetItem",
    "BatchGetItem",
    "TransactGetItems",
    "Query",
    "Scan",
    "DescribeTable",
    "GetSecretValue",
    "GetQueueAttributes",
    "TransactWriteItems",  # carries a token, by which DynamoDB knows it again for ten minutes
})  # fmt: skip
"""Actions that do no more when carried out twice."""

TRACE = "_X_AMZN_TRACE_ID"
"""Where Lambda says in which trace an invocation is."""

_NOT_NOW = TRANSIENT | {UNREACHABLE}
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 1.0


class Timeouts(NamedTuple):
    """How long a call may take, in seconds: to connect, for one attempt, and with all its attempts and waits."""

    connect: float = 1.0
    attempt: float = 3.0
    total: float = 8.0


def fraction() -> float:
    """Return a random number from 0 up to 1.

    The system draws it, so that environments restored from one snapshot do not wait in step.
    """
    return int.from_bytes(os.urandom(4)) / 2**32


class SignedClient:
    """One AWS service (`dynamodb`, `events`, `sqs`, `secretsmanager`) in one region.

    Refusals that say "not now" and calls that did not arrive are repeated up to `attempts` times in all, after waits
    with full jitter. A call that may have been applied is repeated only if its action is in `repeatable_actions`.
    Region, endpoint and credentials come from the environment unless given. Threads may share a client.
    """

    def __init__(
        self,
        service: str,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        credentials: CredentialSource | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  # a NamedTuple does not change
        attempts: int = 4,
        repeatable_actions: frozenset[str] = REPEATABLE,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = fraction,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        region = region or os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]
        self._service = SERVICES[service]
        self._origin = Origin.of(endpoint or self._service.endpoint(region, os.environ))
        self._host = self._origin.header
        self._signer = Signer(service, region)
        self._pool = HttpPool(self._origin, connect_seconds=timeouts.connect, clock=clock)
        self._credentials = credentials or LambdaCredentials(clock=clock)
        self._timeouts = timeouts
        self._attempts = attempts
        self._repeatable_actions = repeatable_actions
        self._sleep = sleep
        self._rng = rng
        self._clock = clock
        self._monotonic = monotonic
        self._ends = float("inf")
        self._repeats_faults = True

    def until(self, ends: float) -> "SignedClient":
        """The same client with the same connections, whose calls are over at `ends` of the monotonic clock."""
        return self._with(_ends=ends)

    def within(self, seconds: float) -> "SignedClient":
        """The same client with the same connections, each of whose calls takes `seconds` at the most."""
        return self._with(_timeouts=self._timeouts._replace(total=seconds))

    def once(self) -> "SignedClient":
        """The same client with the same connections, which repeats no call that a fault (5xx) answered.

        The service may have carried it out, and what must not happen twice cannot always tell.
        """
        return self._with(_repeats_faults=False)

    def _with(self, **changed: Any) -> "SignedClient":
        """The same client with the same connections, but for what is changed."""
        other = object.__new__(SignedClient)
        other.__dict__.update(self.__dict__, **changed)
        return other

    def warm(self) -> None:
        """Connect ahead of the first call, as a Lambda should while it starts.

        A service that cannot be reached now is no reason not to start: the first call will say so.
        """
        try:
            self._pool.warm()
        except NotSentError:
            return

    def close(self) -> None:
        """Close idle connections, before a snapshot above all. The client can still be used."""
        self._pool.close()

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """See `Aws.call`. Timestamps stay seconds since the epoch.

        If any attempt may have been applied and none was answered, the error is `TimedOut`, whatever came last.
        """
        if action == "TransactWriteItems" and "ClientRequestToken" not in request:
            request = {**request, "ClientRequestToken": os.urandom(16).hex()}
        body = encode(request)
        credentials = self._credentials()
        deadline = min(self._monotonic() + self._timeouts.total, self._ends)
        in_doubt: AwsError | None = None
        attempt = 1
        while True:
            try:
                return self._attempt(action, body, credentials, deadline)
            except AwsError as failed:
                if failed.code == TIMED_OUT:
                    in_doubt = failed
                if not self._passes(action, failed):
                    raise
                wait = self._rng() * min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
                if attempt >= self._attempts or self._monotonic() + wait >= deadline:
                    if in_doubt is None or in_doubt is failed:
                        raise
                    raise in_doubt from failed
            self._sleep(wait)
            attempt += 1

    def _passes(self, action: str, failed: AwsError) -> bool:
        """Whether the same call may pass a moment later, and may be sent again."""
        if failed.code == TIMED_OUT:
            return action in self._repeatable_actions
        if failed.status >= 500:
            return self._repeats_faults
        return failed.code in _NOT_NOW or failed.status == 429

    def _attempt(self, action: str, body: bytes, credentials: Credentials, deadline: float) -> JsonObject:
        headers = self._signer.sign(
            self._service.headers(action, self._host),
            body,
            credentials,
            at=self._clock(),
            path=self._origin.path,
        )
        if trace := os.environ.get(TRACE):
            # As boto3 does: unsigned. Bus and queue hand it on to what is behind them. Source: EventBridge user guide,
            # "Amazon EventBridge integration with AWS X-Ray".
            headers["x-amzn-trace-id"] = trace
        request = request_bytes("POST", self._origin.path, headers, body)
        seconds = max(0.01, min(self._timeouts.attempt, deadline - self._monotonic()))
        try:
            return decode(
                self._pool.exchange(request, seconds=seconds, repeatable=action in self._repeatable_actions)
            )
        except NotSentError as lost:
            raise AwsError(UNREACHABLE, str(lost)) from lost
        except NoAnswerError as lost:
            raise AwsError(TIMED_OUT, str(lost)) from lost
