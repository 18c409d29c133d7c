"""The platform's keys at the providers: one secret for all, read once in five minutes. Standard library only."""

import json
from collections.abc import Callable

from aggregator.errors import StoreUnavailable
from aggregator.runtime import log
from aggregator.runtime.aws import Aws, AwsError

LIFETIME_SECONDS = 300
"""How long a read is used: a changed key is live everywhere within it, so keep the old one live as long."""

LIFETIME_IN_A_FAULT_SECONDS = 3_600
"""How long a read is used while Secrets Manager does not answer; it is asked again every `RETRY_SECONDS`."""

RETRY_SECONDS = 30


class ProviderKeys:
    """Keys by provider: `{"openai": "sk-..."}`, or two while one is being replaced: `["sk-new", "sk-old"]`."""

    def __init__(self, secrets: Aws, secret_id: str, monotonic: Callable[[], float]) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._monotonic = monotonic
        self._keys: dict[str, tuple[str, ...]] | None = None
        self._read_at = 0.0
        self._ask_at = 0.0

    def of(self, provider_id: str) -> tuple[str, ...]:
        """Live keys, newest first; none where none is set.

        While Secrets Manager does not answer, or the secret is no map of keys, the last keys serve on for an hour.

        Raises:
            StoreUnavailable: the keys cannot be read now, and were not within the last hour.
        """
        now = self._monotonic()
        if self._keys is not None and now - self._read_at >= LIFETIME_IN_A_FAULT_SECONDS:
            self._keys = None
        if self._keys is None or now >= self._ask_at:
            self._keys = self._read(now)
        return self._keys.get(provider_id, ())

    def _read(self, now: float) -> dict[str, tuple[str, ...]]:
        try:
            said = json.loads(
                self._secrets.call("GetSecretValue", {"SecretId": self._secret_id})["SecretString"]
            )
            keys = {provider: _live(keys) for provider, keys in said.items() if keys}
        except (AwsError, ValueError, KeyError, AttributeError, TypeError) as unread:
            log.error("provider_keys_unread", reason=type(unread).__name__)
            self._ask_at = now + RETRY_SECONDS
            if self._keys is None:
                raise StoreUnavailable(
                    "The platform is busy; try again in a moment.", retry_after_seconds=1
                ) from unread
            return self._keys
        self._read_at, self._ask_at = now, now + LIFETIME_SECONDS
        return keys


def _live(keys: str | list[str]) -> tuple[str, ...]:
    return tuple(key.strip() for key in ([keys] if isinstance(keys, str) else keys))
