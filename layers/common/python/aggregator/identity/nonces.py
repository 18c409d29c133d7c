"""Nonces of sign-ins in the identity table: each is taken once, until no ID token can have it any more."""

from datetime import datetime, timedelta
from hashlib import sha256

from aggregator.errors import InvalidIdToken
from aggregator.identity.table import IdentityTable

_LONGER = timedelta(hours=1)


class Nonces:
    """The nonces that were taken."""

    def __init__(self, table: IdentityTable) -> None:
        self._table = table

    def take(self, issuer: str, nonce: str, until: datetime) -> None:
        """Take a nonce, which an ID token has that is good `until` then: one conditional write.

        Raises:
            InvalidIdToken: it was taken before.
        """
        named = sha256(f"{issuer}\n{nonce}".encode()).hexdigest()
        place = {"pk": f"NONCE#{named}", "sk": "NONCE"}
        ends = int((until + _LONGER).timestamp())
        self._table.add(
            {**place, "expires_at": ends},
            InvalidIdToken("idToken: its nonce was used before; sign in again.", param="idToken"),
        )
