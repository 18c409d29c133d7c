"""Requests and answers of `/auth/api-keys`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from aggregator.auth.audit import Change
from aggregator.auth.caller import (
    CONCURRENT_REQUESTS,
    DAILY_BUDGET_NANO_USD,
    DEFAULT_SCOPES,
    LIST_PRICE_PERCENT,
    LOWER,
    MONTHLY_BUDGET_NANO_USD,
    REQUESTS_PER_MINUTE,
    TOKENS_PER_MINUTE,
    USD_PER_MINUTE,
    Caller,
)
from aggregator.auth.fields import (
    Aliases,
    Budget,
    CacheSeconds,
    Cap,
    Models,
    Name,
    Networks,
    Number,
    PricePercent,
    Scopes,
)
from aggregator.auth.issue import IssuedKey
from aggregator.auth.key import KEY_ID_PATTERN
from aggregator.auth.model import ApiKey, Grant, Status
from aggregator.auth.revoke import Revoked
from aggregator.billing.money import to_nano_usd, to_usd
from aggregator.runtime.schema import Instant, Moment, Request, Response, UserId

DEFAULT_PAGE = 20
MAX_PAGE = 100

Cursor = Annotated[str, Field(pattern=f"^{KEY_ID_PATTERN}$", examples=["1vQ8Zk7pQ2xA"])]


class LimitsRequest(Request):
    """Limits of one key; what is left out is not limited. Budgets are US dollars for each UTC day and month.

    `usdPerMinute` is what its requests may cost in a minute: the breaker for an agent that runs away.
    """

    requests_per_minute: Number | None = None
    tokens_per_minute: Number | None = None
    usd_per_minute: Budget | None = None
    concurrent_requests: Number | None = None
    daily_budget: Budget | None = None
    monthly_budget: Budget | None = None

    def to_limits(self) -> dict[str, int]:
        """The limits that are set, by the names of `model.LIMITS`."""
        said = {
            REQUESTS_PER_MINUTE: self.requests_per_minute,
            TOKENS_PER_MINUTE: self.tokens_per_minute,
            USD_PER_MINUTE: None if self.usd_per_minute is None else to_nano_usd(self.usd_per_minute),
            CONCURRENT_REQUESTS: self.concurrent_requests,
            DAILY_BUDGET_NANO_USD: None if self.daily_budget is None else to_nano_usd(self.daily_budget),
            MONTHLY_BUDGET_NANO_USD: None
            if self.monthly_budget is None
            else to_nano_usd(self.monthly_budget),
        }
        return {name: limit for name, limit in said.items() if limit is not None}


class CreateApiKeyRequest(Request):
    """A new key. Without `scopes` it gets all the default ones that its maker has."""

    user_id: UserId
    name: Name
    team_id: UserId | None = Field(
        default=None,
        description="The team whose wallet it charges, of which its user is a member.",
        examples=["crew"],
    )
    scopes: Scopes | None = None
    expires_at: Instant | None = None
    allowed_models: Models | None = None
    allowed_ips: Networks | None = None
    limits: LimitsRequest | None = None
    price_percent: PricePercent | None = None
    aliases: Aliases | None = None
    cache_seconds: CacheSeconds | None = None
    cap: Cap | None = None

    def to_grant(self, by: Caller) -> Grant:
        """What the new key shall be allowed."""
        default = [scope for scope in DEFAULT_SCOPES if by.is_admin or scope in by.scopes]
        return Grant(
            name=self.name,
            scopes=tuple(default if self.scopes is None else self.scopes),
            expires_at=self.expires_at,
            allowed_models=_tuple(self.allowed_models),
            allowed_ips=_tuple(self.allowed_ips),
            limits={} if self.limits is None else self.limits.to_limits(),
            price_percent=self.price_percent or by.price_percent,
            aliases=self.aliases or {},
            cache_seconds=self.cache_seconds or 0,
            cap=self.cap or LOWER,
        )


class UpdateApiKeyRequest(Request):
    """What to change: fields left out stay, null takes a limit away, `limits` replaces all of them."""

    name: Name = Field(default_factory=str)
    scopes: Scopes = Field(default_factory=list)
    expires_at: Instant | None = None
    allowed_models: Models | None = None
    allowed_ips: Networks | None = None
    limits: LimitsRequest | None = None
    price_percent: PricePercent | None = None
    aliases: Aliases | None = None
    cache_seconds: CacheSeconds | None = None
    cap: Cap | None = None

    @model_validator(mode="after")
    def _names_a_field(self) -> "UpdateApiKeyRequest":
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self

    def to_fields(self) -> dict[str, Any]:
        """The fields of `Grant` to set."""
        fields: dict[str, Any] = {
            "name": self.name,
            "scopes": tuple(self.scopes),
            "expires_at": self.expires_at,
            "allowed_models": _tuple(self.allowed_models),
            "allowed_ips": _tuple(self.allowed_ips),
            "limits": {} if self.limits is None else self.limits.to_limits(),
            "price_percent": self.price_percent or LIST_PRICE_PERCENT,
            "aliases": self.aliases or {},
            "cache_seconds": self.cache_seconds or 0,
            "cap": self.cap or LOWER,
        }
        return {name: fields[name] for name in self.model_fields_set}


class RotateApiKeyRequest(Request):
    """How long the old secret works on: an hour unless said, 30 days at most, 0 to end it now."""

    overlap_seconds: Annotated[int, Field(ge=0, le=30 * 86_400, strict=True)] = 3_600

    def to_overlap(self) -> timedelta:
        """The overlap as a span of time."""
        return timedelta(seconds=self.overlap_seconds)


class LimitsView(Response):
    """Limits of one key; null is not limited. Budgets are US dollars."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    usd_per_minute: str | None
    concurrent_requests: int | None
    daily_budget: str | None
    monthly_budget: str | None

    @classmethod
    def of(cls, limits: Mapping[str, int]) -> "LimitsView":
        """Show limits by the names of `model.LIMITS`."""
        return cls(
            requests_per_minute=limits.get(REQUESTS_PER_MINUTE),
            tokens_per_minute=limits.get(TOKENS_PER_MINUTE),
            usd_per_minute=_usd_or_none(limits.get(USD_PER_MINUTE)),
            concurrent_requests=limits.get(CONCURRENT_REQUESTS),
            daily_budget=_usd_or_none(limits.get(DAILY_BUDGET_NANO_USD)),
            monthly_budget=_usd_or_none(limits.get(MONTHLY_BUDGET_NANO_USD)),
        )


class ApiKeyView(Response):
    """A key without its secret. null is not limited; `lastUsedAt` is exact to an hour or so."""

    id: str
    user_id: str
    team_id: str | None
    name: str
    status: Status
    scopes: list[str]
    created_at: Moment
    created_by: str
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None
    previous_secret_ends_at: Moment | None
    allowed_models: list[str] | None
    allowed_ips: list[str] | None
    limits: LimitsView
    price_percent: int
    aliases: dict[str, str]
    cache_seconds: int
    cap: str

    @classmethod
    def of(cls, key: ApiKey, now: datetime) -> "ApiKeyView":
        """Show a key as it is at `now`."""
        return cls(**_shown(key, now))


class CreatedApiKey(ApiKeyView):
    """A key with its plain text, shown this once."""

    key: str

    @classmethod
    def of_issued(cls, issued: IssuedKey, now: datetime) -> "CreatedApiKey":
        """Show a new secret to its owner."""
        return cls(**_shown(issued.key, now), key=issued.plain.text)


class RevokedApiKey(ApiKeyView):
    """A key that was ended. With `children`: how many that descend from it were ended now, and if some are left."""

    revoked_children: int
    more_children: bool

    @classmethod
    def of_revoked(cls, revoked: Revoked, now: datetime) -> "RevokedApiKey":
        """Show what a revocation came to."""
        return cls(
            **_shown(revoked.key, now), revoked_children=revoked.descendants, more_children=revoked.more
        )


class ChangeView(Response):
    """One change of a key: who, when, what."""

    id: str
    action: Literal["created", "updated", "rotated", "revoked"]
    occurred_at: Moment
    by_key_id: str
    by_user_id: str
    changes: dict[str, Any]

    @classmethod
    def of(cls, change: Change) -> "ChangeView":
        """Show an entry of the audit trail."""
        return cls(
            id=change.change_id,
            action=change.action,
            occurred_at=change.occurred_at,
            by_key_id=change.by_key_id,
            by_user_id=change.by_user_id,
            changes=dict(change.changes),
        )


class ApiKeyDetails(ApiKeyView):
    """A key with its latest changes (100 at most), newest first."""

    history: list[ChangeView]

    @classmethod
    def of_history(cls, key: ApiKey, history: list[Change], now: datetime) -> "ApiKeyDetails":
        """Show a key and what happened to it."""
        return cls(**_shown(key, now), history=[ChangeView.of(change) for change in history])


class ApiKeyPage(Response):
    """A user's keys, newest first; `nextCursor` is the `cursor` of the next page, null on the last."""

    data: list[ApiKeyView]
    next_cursor: str | None

    @classmethod
    def of(cls, keys: list[ApiKey], next_cursor: str | None, now: datetime) -> "ApiKeyPage":
        """Show a page."""
        return cls(data=[ApiKeyView.of(key, now) for key in keys], next_cursor=next_cursor)


def _shown(key: ApiKey, now: datetime) -> dict[str, Any]:
    ends = [secret.expires_at for secret in key.live_secrets(now) if secret.expires_at is not None]
    return {
        "id": key.key_id,
        "user_id": key.user_id,
        "team_id": key.team_id,
        "name": key.grant.name,
        "status": key.status(now),
        "scopes": list(key.grant.scopes),
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.grant.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "previous_secret_ends_at": max(ends, default=None),
        "allowed_models": None if key.grant.allowed_models is None else list(key.grant.allowed_models),
        "allowed_ips": None if key.grant.allowed_ips is None else list(key.grant.allowed_ips),
        "limits": LimitsView.of(key.grant.limits),
        "price_percent": key.grant.price_percent,
        "aliases": dict(key.grant.aliases),
        "cache_seconds": key.grant.cache_seconds,
        "cap": key.grant.cap,
    }


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _usd_or_none(amount_nano_usd: int | None) -> str | None:
    return None if amount_nano_usd is None else to_usd(amount_nano_usd)
