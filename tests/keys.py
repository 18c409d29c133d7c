"""Keys in a table for tests: a caller that a function reads once more must have one."""

from datetime import UTC, datetime

from aggregator.auth.audit import change_of
from aggregator.auth.authorise import ADMIN_CALLER
from aggregator.auth.caller import Caller
from aggregator.auth.model import ApiKey, Grant, Secret
from aggregator.auth.store import KeyStore

MADE_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def key_behind(caller: Caller) -> ApiKey:
    """The key whose holder is this caller."""
    grant = Grant(
        name="of a test",
        scopes=caller.scopes,
        expires_at=caller.expires_at,
        allowed_models=caller.allowed_models,
        allowed_ips=caller.allowed_ips,
        limits=caller.limits,
        price_percent=caller.price_percent,
        aliases=caller.aliases,
        cache_seconds=caller.cache_seconds,
        cap=caller.cap,
    )
    secret = Secret(f"hash of {caller.key_id}", created_at=MADE_AT)
    return ApiKey(caller.key_id, caller.user_id, grant, (secret,), created_at=MADE_AT, created_by="admin")


def store_key_behind(caller: Caller, keys: KeyStore) -> ApiKey:
    """The same, in the table."""
    key = key_behind(caller)
    keys.create(key, change_of(key, "created", {}, by=ADMIN_CALLER, now=MADE_AT))
    return key
