"""Keys and audit entries as items of the auth table, and back. Standard library only; moments are ISO 8601 text."""

from datetime import datetime

from aggregator.auth.audit import Change
from aggregator.auth.caller import LIST_PRICE_PERCENT, LOWER
from aggregator.auth.model import ApiKey, Grant, Secret
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.clock import from_iso, iso

KEY = "KEY"


def item_of(key: ApiKey) -> JsonObject:
    """A key as the item `KEY#<keyId>` / `KEY`; what is None is absent."""
    stored = {
        "pk": f"KEY#{key.key_id}",
        "sk": KEY,
        "keyId": key.key_id,
        "userId": key.user_id,
        **key.grant.described(),
        "secrets": [secret_of(secret) for secret in key.secrets],
        "createdAt": iso(key.created_at),
        "createdBy": key.created_by,
        "revokedAt": _iso_or_none(key.revoked_at),
        "lastUsedAt": _iso_or_none(key.last_used_at),
        "version": key.version,
        "line": list(key.line) or None,
        "teamId": key.team_id,
    }
    return {name: each for name, each in stored.items() if each is not None}


def secret_of(secret: Secret) -> JsonObject:
    """A secret as an element of the item's list `secrets`."""
    stored: JsonObject = {"hash": secret.hash, "createdAt": iso(secret.created_at)}
    if secret.expires_at is not None:
        stored["expiresAt"] = iso(secret.expires_at)
    return stored


def key_of(stored: JsonObject) -> ApiKey:
    """Read what `item_of` wrote."""
    return ApiKey(
        key_id=stored["keyId"],
        user_id=stored["userId"],
        grant=Grant(
            name=stored["name"],
            scopes=tuple(stored["scopes"]),
            expires_at=_moment_of(stored, "expiresAt"),
            allowed_models=_tuple_of(stored, "allowedModels"),
            allowed_ips=_tuple_of(stored, "allowedIps"),
            limits=stored["limits"],
            price_percent=stored.get("pricePercent", LIST_PRICE_PERCENT),
            aliases=stored.get("aliases", {}),
            cache_seconds=stored.get("cacheSeconds", 0),
            cap=stored.get("cap", LOWER),
        ),
        secrets=tuple(
            Secret(each["hash"], from_iso(each["createdAt"]), _moment_of(each, "expiresAt"))
            for each in stored["secrets"]
        ),
        created_at=from_iso(stored["createdAt"]),
        created_by=stored["createdBy"],
        revoked_at=_moment_of(stored, "revokedAt"),
        last_used_at=_moment_of(stored, "lastUsedAt"),
        version=stored["version"],
        line=tuple(stored.get("line", ())),
        suspended=stored.get("suspended", False),
        user_version=stored.get("userVersion", 0),
        team_id=stored.get("teamId"),
    )


def entry_of(change: Change) -> JsonObject:
    """A change as an item of the audit trail."""
    return {
        "pk": f"KEY#{change.key_id}",
        "sk": f"AUDIT#{iso(change.occurred_at)}#{change.change_id}",
        "changeId": change.change_id,
        "keyId": change.key_id,
        "userId": change.user_id,
        "action": change.action,
        "occurredAt": iso(change.occurred_at),
        "byKeyId": change.by_key_id,
        "byUserId": change.by_user_id,
        "changes": change.changes,
    }


def change_of(stored: JsonObject) -> Change:
    """Read what `entry_of` wrote."""
    return Change(
        change_id=stored["changeId"],
        key_id=stored["keyId"],
        user_id=stored["userId"],
        action=stored["action"],
        occurred_at=from_iso(stored["occurredAt"]),
        by_key_id=stored["byKeyId"],
        by_user_id=stored["byUserId"],
        changes=stored["changes"],
    )


def _iso_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _moment_of(stored: JsonObject, name: str) -> datetime | None:
    return from_iso(stored[name]) if name in stored else None


def _tuple_of(stored: JsonObject, name: str) -> tuple[str, ...] | None:
    return tuple(stored[name]) if name in stored else None
