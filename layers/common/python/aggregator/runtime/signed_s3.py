"""Objects in one S3 bucket without boto3, for the hot functions: signed PUT and GET over kept-alive connections.

Standard library only. Source: Amazon S3 API reference, PutObject, GetObject and "Authenticating requests".
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping

from aggregator.runtime.aws import TIMED_OUT, TRANSIENT, UNREACHABLE, AwsError
from aggregator.runtime.credentials import CredentialSource, LambdaCredentials
from aggregator.runtime.http_pool import HttpPool, Origin
from aggregator.runtime.http_wire import Answer, NoAnswerError, NotSentError, request_bytes
from aggregator.runtime.signed_client import Timeouts, fraction
from aggregator.runtime.sigv4 import Signer

PATIENT = Timeouts(connect=1.0, attempt=4.0, total=9.0)
"""Objects take longer than items; but all of it fits between a request's deadline and its function's time limit."""

_NOT_NOW = TRANSIENT | {
    UNREACHABLE,
    TIMED_OUT,
    "SlowDown",
    "InternalError",
    "RequestTimeout",
    "OperationAborted",
}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*")
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 1.0


class SignedS3:
    """The objects of `bucket`. Both calls do no more when carried out twice, so both are repeated, with full jitter.

    Region, endpoint and credentials come from the environment unless given. AWS is called by the bucket's own host
    name; an endpoint that was named, such as an emulator, by path. Threads may share a client.
    """

    def __init__(
        self,
        bucket: str,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        credentials: CredentialSource | None = None,
        timeouts: Timeouts = PATIENT,
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = fraction,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        region = region or os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]
        self._origin = Origin.of(_url(bucket, region, endpoint or _configured(os.environ)))
        self._signer = Signer("s3", region)
        self._pool = HttpPool(self._origin, connect_seconds=timeouts.connect, clock=clock)
        self._credentials = credentials or LambdaCredentials(clock=clock)
        self._timeouts = timeouts
        self._attempts = attempts
        self._sleep = sleep
        self._rng = rng
        self._clock = clock
        self._monotonic = monotonic
        self._ends = float("inf")

    def until(self, ends: float) -> "SignedS3":
        """The same client with the same connections, whose calls are over at `ends` of the monotonic clock."""
        hurried = object.__new__(SignedS3)
        hurried.__dict__.update(self.__dict__, _ends=ends)
        return hurried

    def put(self, key: str, body: bytes) -> None:
        """Write an object, in place of one that is there.

        Raises:
            AwsError: S3 refused; after `TimedOut` it may have been written.
        """
        self._call("PUT", key, body)

    def get(self, key: str) -> bytes:
        """Read an object.

        Raises:
            AwsError: `NoSuchKey` (`AccessDenied` for a role that may not list), or S3 cannot be reached.
        """
        return self._call("GET", key, b"").body

    def close(self) -> None:
        """Close idle connections, before a snapshot above all. The client can still be used."""
        self._pool.close()

    def _call(self, method: str, key: str, body: bytes) -> Answer:
        if not _PLAIN_KEY.fullmatch(key):
            raise ValueError(f"the key {key!r} would have to be escaped")
        deadline = min(self._monotonic() + self._timeouts.total, self._ends)
        attempt = 1
        while True:
            try:
                return self._attempt(method, self._origin.path + key, body, deadline)
            except AwsError as failed:
                wait = self._rng() * min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
                passes = failed.code in _NOT_NOW or failed.status >= 500
                if not passes or attempt >= self._attempts or self._monotonic() + wait >= deadline:
                    raise
            self._sleep(wait)
            attempt += 1

    def _attempt(self, method: str, path: str, body: bytes, deadline: float) -> Answer:
        headers = {"host": self._origin.header, "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
        signed = self._signer.sign(
            headers, body, self._credentials(), at=self._clock(), path=path, method=method
        )
        seconds = max(0.01, min(self._timeouts.attempt, deadline - self._monotonic()))
        try:
            answer = self._pool.exchange(
                request_bytes(method, path, signed, body), seconds=seconds, repeatable=True
            )
        except NotSentError as lost:
            raise AwsError(UNREACHABLE, str(lost)) from lost
        except NoAnswerError as lost:
            raise AwsError(TIMED_OUT, str(lost)) from lost
        if answer.status >= 300:
            raise _refusal(answer)
        return answer


def _configured(environ: Mapping[str, str]) -> str | None:
    return environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")


def _url(bucket: str, region: str, endpoint: str | None) -> str:
    if endpoint:
        return f"{endpoint.rstrip('/')}/{bucket}/"
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{region}.{domain}/"


def _refusal(answer: Answer) -> AwsError:
    """S3 says why in XML; of which two elements are of interest, and may be absent."""
    said = answer.body[:4096].decode("utf-8", "replace")
    return AwsError(
        _element("Code", said) or str(answer.status), _element("Message", said), status=answer.status
    )


def _element(name: str, xml: str) -> str:
    return xml.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
