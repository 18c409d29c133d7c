"""Credentials as Lambda hands them out: in the environment, or, under SnapStart, from an endpoint it names there.

Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials and
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping

from aggregator.runtime.aws import UNREACHABLE, AwsError
from aggregator.runtime.clock import from_iso
from aggregator.runtime.http_pool import HttpPool, Origin
from aggregator.runtime.http_wire import NoAnswerError, NotSentError, request_bytes
from aggregator.runtime.sigv4 import Credentials

CredentialSource = Callable[[], Credentials]

REFRESH_SECONDS = 300
"""Credentials are fetched anew when they have less than this to live."""

_ATTEMPTS = 3
_FETCH_SECONDS = 2.0
_PLAIN_TEXT_HOSTS = frozenset(
    {"127.0.0.1", "::1", "localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"}
)


class LambdaCredentials:
    """The credentials of this function's role, whichever way Lambda gives them.

    The environment is asked at each call for the key's id, so a change counts at once: what belongs to an id never
    changes, and each look into the environment costs a microsecond.
    Fetched credentials are kept until `REFRESH_SECONDS` before they expire; if the endpoint is down then,
    they are used up to their last second.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._environ = environ
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._fetched: tuple[Credentials, float] | None = None
        self._found: Credentials | None = None

    def __call__(self) -> Credentials:
        """Credentials to sign with now.

        Raises:
            AwsError: `Unreachable`, because there are none; nothing was sent.
        """
        key_id, found = self._environ.get("AWS_ACCESS_KEY_ID"), self._found
        if found is not None and found.access_key_id == key_id:
            return found
        secret = self._environ.get("AWS_SECRET_ACCESS_KEY")
        if key_id and secret:
            self._found = Credentials(key_id, secret, self._environ.get("AWS_SESSION_TOKEN") or None)
            return self._found
        uri = self._environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if uri:
            with self._lock:
                return self._from_endpoint(uri)
        raise AwsError(UNREACHABLE, "there are no credentials in the environment")

    def _from_endpoint(self, uri: str) -> Credentials:
        now = self._clock()
        if self._fetched and now < self._fetched[1] - REFRESH_SECONDS:
            return self._fetched[0]
        try:
            self._fetched = self._fetch(uri)
        except AwsError:
            if self._fetched is None or now >= self._fetched[1]:
                raise
        return self._fetched[0]

    def _fetch(self, uri: str) -> tuple[Credentials, float]:
        """Credentials, and when they expire in seconds since the epoch."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._ask(uri)
            except (NotSentError, NoAnswerError, ValueError, KeyError, OSError) as failed:
                if attempt == _ATTEMPTS:
                    raise AwsError(UNREACHABLE, f"no credentials from {uri}: {failed}") from failed
            self._sleep(0.1 * attempt)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, uri: str) -> tuple[Credentials, float]:
        origin = Origin.of(uri)
        if not origin.tls and origin.host not in _PLAIN_TEXT_HOSTS:
            raise ValueError("credentials travel in plain text only on this machine's own networks")
        headers = {"Host": origin.header, "Accept": "application/json", "Connection": "close"}
        token = self._token()
        if token:
            headers["Authorization"] = token
        request = request_bytes("GET", origin.path, headers)
        pool = HttpPool(origin, connect_seconds=_FETCH_SECONDS)
        answer = pool.exchange(request, seconds=_FETCH_SECONDS, repeatable=True)
        pool.close()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        said = json.loads(answer.body)
        credentials = Credentials(said["AccessKeyId"], said["SecretAccessKey"], said["Token"])
        return credentials, from_iso(said["Expiration"]).timestamp()

    def _token(self) -> str:
        """What to show the endpoint; read at each fetch, because it changes when a snapshot is restored."""
        file = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        if file:
            with open(file, encoding="ascii") as opened:  # noqa: PTH123  # pathlib brings urllib: 3 ms of a start
                token = opened.read().strip()
        else:
            token = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        if "\r" in token or "\n" in token:
            raise ValueError("the authorization token is no legal header value")
        return token
