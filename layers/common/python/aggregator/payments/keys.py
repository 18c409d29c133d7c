"""The platform's keys at Stripe: one secret, read once in five minutes.

`{"apiKey": "sk_live_...", "webhookSecrets": ["whsec_new", "whsec_old"]}`: two secrets while one is being replaced. The
secret is made by hand: where it is not there, or empty, top-ups are off. `apiBase` names a stand-in, on a developer's
machine alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from aggregator.errors import PaymentsOff, StoreUnavailable
from aggregator.runtime.aws import Aws, AwsError

LIFETIME_SECONDS = 300

OFF = "Top-ups are not set up here. Whoever runs this platform can credit an account by hand."


@dataclass(frozen=True, slots=True)
class StripeKeys:
    """An account at Stripe."""

    api_key: str
    webhook_secrets: tuple[str, ...]
    api_base: str | None = None


class StripeSecret:
    """The keys, as they are in Secrets Manager."""

    def __init__(
        self, secrets: Aws, secret_id: str, monotonic: Callable[[], float], *, stand_in: bool = False
    ) -> None:
        """With `stand_in` the secret may name another address than Stripe's own."""
        self._stand_in = stand_in
        self._secrets = secrets
        self._secret_id = secret_id
        self._monotonic = monotonic
        self._known: tuple[float, StripeKeys | None] | None = None

    def keys(self) -> StripeKeys:
        """The keys.

        Raises:
            PaymentsOff: there are none.
            StoreUnavailable: the secret is no object with these fields.
            AwsError: it cannot be read now.
        """
        now = self._monotonic()
        if self._known is None or now - self._known[0] >= LIFETIME_SECONDS:
            self._known = (now, self._read())
        keys = self._known[1]
        if keys is None:
            raise PaymentsOff(OFF)
        return keys

    def _read(self) -> StripeKeys | None:
        try:
            answer = self._secrets.call("GetSecretValue", {"SecretId": self._secret_id})
        except AwsError as refused:
            if refused.code != "ResourceNotFoundException":
                raise
            return None
        return _keys_in(answer["SecretString"], stand_in=self._stand_in)


def _keys_in(text: str, *, stand_in: bool) -> StripeKeys | None:
    try:
        said = json.loads(text)
        if not said.get("apiKey"):
            return None
        return StripeKeys(
            str(said["apiKey"]).strip(),
            tuple(str(each).strip() for each in said["webhookSecrets"] if each),
            str(said["apiBase"]) if stand_in and "apiBase" in said else None,
        )
    except (ValueError, AttributeError, KeyError, TypeError):
        raise StoreUnavailable("The platform is not set up completely.", retry_after_seconds=30) from None
