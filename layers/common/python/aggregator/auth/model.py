"""The API key as a record, and the rules of its life. Standard library only; the authorizer imports it.

active -> rotated (two secrets live for the overlap) -> active
active -> expired (its time is over; a later expiry revives it)
active -> revoked (for good; the record stays, to be seen)
"""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from aggregator.auth.caller import LIST_PRICE_PERCENT, LOWER, Caller, Over, Team
from aggregator.errors import Conflict, InvalidApiKey, InvalidRequest, NotFound
from aggregator.runtime.clock import iso

MAX_OVERLAP = timedelta(days=30)

# API Gateway drops an authorizer's answer over 8 KB; the policy around the context takes well under 1 KB.
# Source: Amazon API Gateway quotas, "Lambda authorizer result size".
_MAX_CONTEXT_BYTES = 7_000
_LIMITS_ABOVE_BYTES = 336  # what the id and the limits of one key over another take of it, at the most

Status = Literal["active", "expired", "revoked"]

SIGN_IN = "sign-in"
"""What made a key that a person got by signing in, instead of another key."""


class Secret(NamedTuple):
    """One secret of a key, as stored: its hash under the pepper. Without an expiry it lives as long as its key."""

    hash: str
    created_at: datetime
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        """Without the hash: what is logged or shown by a test tells no secret."""
        return f"Secret(created_at={self.created_at!r}, expires_at={self.expires_at!r})"

    def is_live(self, now: datetime) -> bool:
        """Whether this secret still opens its key."""
        return self.expires_at is None or now < self.expires_at


class Grant(NamedTuple):
    """What a key may do. None means not limited; `limits` maps a name of `LIMITS` to its number.

    `price_percent` is what its calls cost of list prices; only an admin sets it. `aliases` maps names to models, and
    `cache_seconds` is how old an answer may be, where a request says nothing; `cap` is what becomes of one
    whose output the balance does not pay for (`CAPS`); none of these gives a right.
    """

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    allowed_models: tuple[str, ...] | None = None
    allowed_ips: tuple[str, ...] | None = None
    limits: Mapping[str, int] = {}
    price_percent: int = LIST_PRICE_PERCENT
    aliases: Mapping[str, str] = {}
    cache_seconds: int = 0
    cap: str = LOWER

    def described(self) -> dict[str, Any]:
        """The grant as JSON values, by the API's names: what the audit trail compares."""
        return {
            "name": self.name,
            "scopes": list(self.scopes),
            "expiresAt": None if self.expires_at is None else iso(self.expires_at),
            "allowedModels": None if self.allowed_models is None else list(self.allowed_models),
            "allowedIps": None if self.allowed_ips is None else list(self.allowed_ips),
            "limits": dict(self.limits),
            "pricePercent": self.price_percent,
            "aliases": dict(self.aliases),
            "cacheSeconds": self.cache_seconds,
            "cap": self.cap,
        }


class ApiKey(NamedTuple):
    """One key: whose, what for, and the newest secret first. `version` counts its changes, from 1.

    `line` are the ids of the keys that it descends from, the first maker first; a key that an admin made has none.
    It never changes: what a key and its descendants use together counts against the limits of each key over them.
    Nor does `team_id`, whose wallet it charges instead of its user's.
    `suspended` is what the user's `user_version` said of all the user's keys: 0, that it never said anything.
    """

    key_id: str
    user_id: str
    grant: Grant
    secrets: tuple[Secret, ...]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    version: int = 1
    line: tuple[str, ...] = ()
    suspended: bool = False
    user_version: int = 0
    team_id: str | None = None

    def status(self, now: datetime) -> Status:
        """Where the key is in its life; revoked is stronger than expired."""
        if self.revoked_at is not None:
            return "revoked"
        if self.grant.expires_at is not None and now >= self.grant.expires_at:
            return "expired"
        return "active"

    def live_secrets(self, now: datetime) -> tuple[Secret, ...]:
        """The secrets that open this key now: two during an overlap."""
        return tuple(secret for secret in self.secrets if secret.is_live(now))

    def secret_of(self, key_hash: str) -> Secret | None:
        """The secret with this hash, live or not; compared in constant time."""
        return next(
            (secret for secret in self.secrets if hmac.compare_digest(secret.hash, key_hash)),
            None,
        )

    def secret_made_at(self, moment: datetime | None) -> Secret | None:
        """The secret of that moment; the newest one where it is not known."""
        if moment is None:
            return self.secrets[0]
        return next((secret for secret in self.secrets if secret.created_at == moment), None)

    def require_live(self, secret: Secret | None, now: datetime) -> Secret:
        """Return a proven secret that is live, or refuse it; None is one that is not there any more.

        Only a sender who proved the secret learns which.

        Raises:
            InvalidApiKey: revoked, expired, or rotated out.
        """
        if self.revoked_at is not None:
            raise InvalidApiKey("This API key has been revoked.")
        if self.status(now) == "expired":
            raise InvalidApiKey("This API key has expired.")
        if secret is None or not secret.is_live(now):
            raise InvalidApiKey("This API key has been rotated: use its new secret.")
        return secret

    def caller_in_line(self, read: Callable[[str], "ApiKey"], secret: Secret | None = None) -> Caller:
        """Who a request with this key comes from, with the present limits of each key over it, as `read` finds it."""
        limits = [read(above).grant.limits for above in self.line]
        return self.caller(secret)._replace(over=tuple(map(Over, self.line, limits)))

    def caller(self, secret: Secret | None = None) -> Caller:
        """The same, without the limits of the keys over it; `secret` is the one it proved."""
        return Caller(
            key_id=self.key_id,
            user_id=self.user_id,
            scopes=self.grant.scopes,
            expires_at=self.grant.expires_at,
            allowed_models=self.grant.allowed_models,
            allowed_ips=self.grant.allowed_ips,
            limits=self.grant.limits,
            price_percent=self.grant.price_percent,
            aliases=self.grant.aliases,
            cache_seconds=self.grant.cache_seconds,
            cap=self.grant.cap,
            over=tuple(Over(above, {}) for above in self.line),
            secret_made_at=None if secret is None else secret.created_at,
            suspended="user" if self.suspended else "",
            team=None if self.team_id is None else Team(self.team_id),
            session=self.created_by == SIGN_IN,
        )

    def granted(self, grant: Grant) -> "ApiKey":
        """Replace what this key may do.

        Raises:
            Conflict: the key is revoked, for good.
            InvalidRequest: the grant is longer than the authorizer can hand on.
        """
        if self.revoked_at is not None:
            raise Conflict("This API key has been revoked and cannot be changed.")
        changed = self._replace(grant=grant)
        changed.require_portable()
        return changed

    def rotated(self, new_hash: str, now: datetime, overlap: timedelta) -> "ApiKey":
        """Give the key a new secret; the one in use lives on for `overlap`, at most 30 days.

        While two secrets are live, only a rotation without overlap is taken: a rotation that was sent twice
        would otherwise end the secret that is still in use.

        Raises:
            Conflict: the key is not active, or an earlier rotation's overlap is not over.
            InvalidRequest: the overlap is longer than 30 days.
        """
        if not timedelta(0) <= overlap <= MAX_OVERLAP:
            raise InvalidRequest("overlapSeconds: must be from 0 to 2592000", param="overlapSeconds")
        if self.status(now) != "active":
            raise Conflict(f"This API key is {self.status(now)} and cannot be rotated.")
        live = self.live_secrets(now)
        if overlap and len(live) > 1:
            raise Conflict(
                "Two secrets of this API key are live until the overlap of its last rotation is over; "
                "rotate with overlapSeconds 0 to end both at once."
            )
        kept = tuple(secret._replace(expires_at=now + overlap) for secret in live) if overlap else ()
        return self._replace(secrets=(Secret(new_hash, created_at=now), *kept))

    def revoked(self, now: datetime) -> "ApiKey":
        """End the key for good; ending it twice changes nothing."""
        return self if self.revoked_at is not None else self._replace(revoked_at=now)

    def require_portable(self) -> None:
        """Refuse a grant that does not fit into the authorizer's answer.

        Raises:
            InvalidRequest: too many or too long models and addresses.
        """
        most = _MAX_CONTEXT_BYTES - _LIMITS_ABOVE_BYTES * len(self.line)
        if len(json.dumps(self.caller(self.secrets[0]).to_context())) > most:
            raise InvalidRequest(
                "allowedModels, allowedIps and aliases are too long together: use wildcards and wider networks.",
                param="allowedModels",
            )


def unknown_key() -> NotFound:
    """One answer for keys that do not exist and for keys that are somebody else's."""
    return NotFound("There is no such API key.")
