"""The platform's keys at the providers: one secret for all, read once in five minutes. Standard library only."""

import json
from collections.abc import Callable

from aggregator.errors import StoreUnavailable
from aggregator.runtime import log
from aggregator.runtime.aws import Aws, AwsError

LIFETIME_SECONDS = 300
"""How long a read is used: a changed key is live everywhere within it, so keep the old one live as long."""


class ProviderKeys:
    """Keys by provider: `{"openai": "sk-..."}`, or two while one is being replaced: `["sk-new", "sk-old"]`."""

    def __init__(self, secrets: Aws, secret_id: str, monotonic: Callable[[], float]) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._monotonic = monotonic
        self._keys: dict[str, tuple[str, ...]] | None = None
        self._read_at = 0.0

    def of(self, provider_id: str) -> tuple[str, ...]:
        """Live keys, newest first; none where none is set.

        While Secrets Manager does not answer, the last keys serve on.

        Raises:
            StoreUnavailable: the keys were never read, and cannot be now.
        """
        if self._keys is None or self._monotonic() - self._read_at >= LIFETIME_SECONDS:
            self._keys = self._read()
            self._read_at = self._monotonic()
        return self._keys.get(provider_id, ())

    def _read(self) -> dict[str, tuple[str, ...]]:
        try:
            said = json.loads(
                self._secrets.call("GetSecretValue", {"SecretId": self._secret_id})["SecretString"]
            )
            return {provider: _live(keys) for provider, keys in said.items() if keys}
        except (AwsError, ValueError, KeyError, AttributeError, TypeError) as unread:
            log.error("provider_keys_unread", reason=type(unread).__name__)
            if self._keys is None:
                raise StoreUnavailable(
                    "The platform is busy; try again in a moment.", retry_after_seconds=1
                ) from unread
            return self._keys


def _live(keys: str | list[str]) -> tuple[str, ...]:
    return tuple(key.strip() for key in ([keys] if isinstance(keys, str) else keys))
