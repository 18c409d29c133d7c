"""A secret of Secrets Manager, kept in memory, that may be rotated while it is in use. Standard library only.

Both live versions count: AWSCURRENT, and AWSPREVIOUS until the next rotation. Lifetimes:

- a version is read again after 5 minutes, or
- after 30 seconds if nothing known so far fits: so soon a key works that was made under a new version;
- if it cannot be read again, the last known one serves for an hour: a fault of Secrets Manager stops nobody.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from aggregator.errors import StoreUnavailable
from aggregator.runtime.aws import Aws, AwsError

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"

_LIFETIME = timedelta(minutes=5)
_EARLY_LIFETIME = timedelta(seconds=30)
_LIFETIME_IN_A_FAULT = timedelta(hours=1)


class _Known(NamedTuple):
    text: str | None  # None: there is no such version
    read_at: datetime
    tried_at: datetime

    @property
    def is_stale(self) -> bool:
        """Whether the last try to read it failed."""
        return self.tried_at > self.read_at


class RotatingSecret:
    """The versions of one plain-text secret, newest first."""

    def __init__(self, secrets_manager: Aws, secret_id: str) -> None:
        self._secrets_manager = secrets_manager
        self._secret_id = secret_id
        self._known: dict[str, _Known] = {}

    def current(self, now: datetime) -> str:
        """The version to use for new things; at most 5 minutes old.

        Raises:
            AwsError: it could not be read, nor within the last hour.
            StoreUnavailable: the secret is empty.
        """
        current = self._version(CURRENT, now, _LIFETIME)
        if not current:
            raise StoreUnavailable("The platform is not set up completely.", retry_after_seconds=30)
        return current

    def candidates(self, now: datetime) -> Iterator[str]:
        """All versions that may fit, each once; take them until one fits.

        The first costs no call when it is known. Going on after it costs at most two calls in 30 seconds.

        Raises:
            AwsError: a version could not be read, nor within the last hour.
            StoreUnavailable: the secret is empty.
        """
        current = self.current(now)
        yield current
        previous = self._version(PREVIOUS, now, _LIFETIME)
        if previous:
            yield previous
        renewed = self._version(CURRENT, now, _EARLY_LIFETIME)
        if renewed and renewed not in {current, previous}:
            yield renewed

    def _version(self, stage: str, now: datetime, lifetime: timedelta) -> str | None:
        known = self._known.get(stage)
        if known is not None and now - known.read_at >= _LIFETIME_IN_A_FAULT:
            known = None
        if known is not None and now - known.tried_at < (_EARLY_LIFETIME if known.is_stale else lifetime):
            return known.text
        try:
            text = self._read(stage)
        except AwsError:
            if known is None:
                raise
            self._known[stage] = known._replace(tried_at=now)
            return known.text
        if stage == CURRENT and known is not None and known.text != text:
            self._known.pop(PREVIOUS, None)  # the secret was rotated, so another version is the previous one
        self._known[stage] = _Known(text, read_at=now, tried_at=now)
        return text

    def _read(self, stage: str) -> str | None:
        try:
            answer = self._secrets_manager.call(
                "GetSecretValue", {"SecretId": self._secret_id, "VersionStage": stage}
            )
        except AwsError as refused:
            if refused.code == "ResourceNotFoundException" and stage == PREVIOUS:
                return None
            raise
        return str(answer["SecretString"])
