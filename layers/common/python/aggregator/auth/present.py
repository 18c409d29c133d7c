"""Read once more who calls, where what is done outlives what API Gateway keeps of the authorizer's answer."""

from datetime import datetime
from typing import Protocol

from aggregator.auth.authorise import ADMIN_CALLER
from aggregator.auth.caller import Caller
from aggregator.auth.model import ApiKey
from aggregator.errors import InvalidApiKey, NotFound, StoreUnavailable
from aggregator.runtime.aws import AwsError


class KeyReader(Protocol):
    """Reads a key as it is now."""

    def read(self, key_id: str) -> ApiKey:
        """See `KeyStore.read`."""
        ...


def present(caller: Caller, *, keys: KeyReader, now: datetime) -> Caller:
    """The caller as its key stands now: its present grant, and the limits of the keys over it, by consistent reads.

    What its team says is as the authorizer told it. The platform's first admin key is no key of the table; it lives in
    Secrets Manager, and passes as it came.

    Raises:
        InvalidApiKey: the key was revoked or has expired, or its secret was rotated out.
        StoreUnavailable: it cannot be known now; nothing was done.
    """
    if caller.key_id == ADMIN_CALLER.key_id:
        return caller
    try:
        key = keys.read(caller.key_id)
        secret = key.require_live(key.secret_made_at(caller.secret_made_at), now)
        return key.caller_in_line(keys.read, secret)._replace(team=caller.team)
    except NotFound:
        raise InvalidApiKey("Incorrect API key provided.") from None
    except AwsError as broken:
        raise StoreUnavailable("The key cannot be checked now.", retry_after_seconds=1) from broken
