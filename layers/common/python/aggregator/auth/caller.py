"""Who calls: what the authorizer proved, and what every function may ask of it. Standard library only."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from aggregator.errors import (
    SUSPENDED,
    AddressNotAllowed,
    InvalidApiKey,
    MissingScope,
    NotYours,
    UserSuspended,
)
from aggregator.runtime.clock import from_iso, iso
from aggregator.runtime.passable_json import compact, read_bytes

if TYPE_CHECKING:
    from aggregator.billing.plans.on_plan import OnPlan

INFERENCE = "inference"
MODELS_READ = "models:read"
BILLING_READ = "billing:read"
ANALYTICS_READ = "analytics:read"
KEYS_MANAGE = "keys:manage"
ADMIN = "admin"

SCOPES = (INFERENCE, MODELS_READ, BILLING_READ, ANALYTICS_READ, KEYS_MANAGE, ADMIN)
LIST_PRICE_PERCENT = 100

CAPS = LOWER, REFUSE = ("lower", "refuse")
"""What becomes of a request whose output the balance does not pay for: a lower cap on it, or a refusal."""

DEFAULT_SCOPES = (INFERENCE, MODELS_READ, BILLING_READ, ANALYTICS_READ)

REQUESTS_PER_MINUTE = "requestsPerMinute"
TOKENS_PER_MINUTE = "tokensPerMinute"
USD_PER_MINUTE = "usdPerMinuteNanoUsd"
CONCURRENT_REQUESTS = "concurrentRequests"
DAILY_BUDGET_NANO_USD = "dailyBudgetNanoUsd"
MONTHLY_BUDGET_NANO_USD = "monthlyBudgetNanoUsd"

LIMITS = (
    REQUESTS_PER_MINUTE,
    TOKENS_PER_MINUTE,
    USD_PER_MINUTE,
    CONCURRENT_REQUESTS,
    DAILY_BUDGET_NANO_USD,
    MONTHLY_BUDGET_NANO_USD,
)
"""Names of limits that a key may have; proxy/limits/ says what each counts."""


class Over(NamedTuple):
    """A key that a caller's key descends from, and its limits: they hold for all of its line together."""

    key_id: str
    limits: Mapping[str, int]


class Team(NamedTuple):
    """The team whose wallet a key charges, and what a month may cost: of the whole team, of the key's user in it."""

    team_id: str
    monthly_nano_usd: int | None = None
    member_monthly_nano_usd: int | None = None


class Caller(NamedTuple):
    """The proven sender of a request. `limits` maps a limit's name to its number; no limits, no entry.

    `over` are the keys that made this one, one the other, the first maker first: what this key uses counts against
    their limits as well.

    `team` is whose wallet it charges, where that is not its user's own.

    `price_percent` is what the caller pays of list prices: 110 is a markup of a tenth.

    `allowed_models` and `allowed_ips` are None when the key is not limited to any.
    Models may be patterns (`gpt-4o*`), addresses CIDR ranges.

    `aliases` are the key's own names for models; they come before all others. Answers may be up to `cache_seconds` old
    where a request says nothing else. `cap` is what becomes of a request that says nothing else and whose
    output the balance does not pay for: see `CAPS`.

    `session` is true of a key that a person got by signing in: it acts for its user, and what it makes lasts longer.

    `plan` is that of the wallet it charges, where it has one; the function that holds money finds it there.

    `secret_made_at` tells which of the key's secrets was proven. A caller whose `user` or `team` is `suspended` is
    proven, and may do nothing: no function gets one out of its event.
    """

    key_id: str
    user_id: str
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    expires_at: datetime | None = None
    allowed_models: tuple[str, ...] | None = None
    allowed_ips: tuple[str, ...] | None = None
    limits: Mapping[str, int] = {}
    price_percent: int = LIST_PRICE_PERCENT
    aliases: Mapping[str, str] = {}
    cache_seconds: int = 0
    cap: str = LOWER
    over: tuple[Over, ...] = ()
    secret_made_at: datetime | None = None
    suspended: str = ""
    team: Team | None = None
    session: bool = False
    plan: "OnPlan | None" = None

    @property
    def wallet_id(self) -> str:
        """Whose money it spends: its team's, or its user's."""
        return self.user_id if self.team is None else self.team.team_id

    @property
    def is_admin(self) -> bool:
        """Whether this caller may act for every user."""
        return ADMIN in self.scopes

    def require_scope(self, scope: str) -> None:
        """Refuse a caller without `scope`; an admin has them all.

        Raises:
            MissingScope: the key is good but may not do this.
        """
        if scope not in self.scopes and not self.is_admin:
            raise MissingScope(f"This API key does not have the scope '{scope}'.")

    def require_user(self, user_id: str) -> None:
        """Refuse a caller who asks for another user's data; an admin may.

        Raises:
            NotYours: `user_id` is someone else.
        """
        if user_id != self.user_id and not self.is_admin:
            raise NotYours("This API key may only act for its own user.")

    def require_wallet(self, wallet_id: str) -> None:
        """Refuse a caller who asks about money that is neither its user's nor its key's team's; an admin may.

        Raises:
            NotYours: it is someone else's.
        """
        if wallet_id not in (self.user_id, self.wallet_id) and not self.is_admin:
            raise NotYours("This API key may only act for its own user.")

    def require_live(self, now: datetime) -> None:
        """Refuse a key that expired while the authorizer's answer was still cached.

        Raises:
            InvalidApiKey: the key's time is over.
        """
        if self.expires_at is not None and now >= self.expires_at:
            raise InvalidApiKey("This API key has expired.")

    def allows_name(self, name: str) -> bool:
        """Whether the key's models are not limited, or one of them is this name (see orchestrator/permitted.py)."""
        if self.allowed_models is None:
            return True
        from fnmatch import fnmatchcase  # noqa: PLC0415 (most keys have no such limit)

        return any(fnmatchcase(name, pattern) for pattern in self.allowed_models)

    def meant_by(self, model: str) -> str:
        """What a model's name stands for to this caller: the target of an alias of its own, or the name itself."""
        return self.aliases.get(model, model)

    def require_address(self, source_ip: str) -> None:
        """Refuse an address that the key is not allowed.

        Raises:
            AddressNotAllowed: the key names its networks and the address is in none of them.
        """
        if self.allowed_ips is None:
            return
        from ipaddress import ip_address, ip_network  # noqa: PLC0415 (most keys have no such limit)

        address = ip_address(source_ip)
        if not any(address in ip_network(network, strict=False) for network in self.allowed_ips):
            raise AddressNotAllowed("This API key may not be used from this IP address.")

    def to_context(self) -> dict[str, str]:
        """Authorizer context: API Gateway takes only flat values, so the whole caller is one text (see `packed`)."""
        said: dict[str, Any] = {"keyId": self.key_id, "userId": self.user_id, "scopes": list(self.scopes)}
        if self.expires_at is not None:
            said["expiresAt"] = iso(self.expires_at)
        if self.allowed_models is not None:
            said["allowedModels"] = list(self.allowed_models)
        if self.allowed_ips is not None:
            said["allowedIps"] = list(self.allowed_ips)
        if self.limits:
            said["limits"] = dict(self.limits)
        if self.price_percent != LIST_PRICE_PERCENT:
            said["pricePercent"] = self.price_percent
        if self.aliases:
            said["aliases"] = dict(self.aliases)
        said |= self._wishes() | self._standing()
        if self.over:
            said["over"] = [[above.key_id, dict(above.limits)] for above in self.over]
        if self.secret_made_at is not None:
            said["secretMadeAt"] = iso(self.secret_made_at)
        return {"caller": packed(said)}

    def _wishes(self) -> dict[str, Any]:
        """What holds for a request that says nothing of it."""
        said: dict[str, Any] = {"cacheSeconds": self.cache_seconds} if self.cache_seconds else {}
        return said | ({"cap": self.cap} if self.cap != LOWER else {})

    def _standing(self) -> dict[str, Any]:
        """Whose money it spends where that is not its user's, and whether anything is done for it."""
        said: dict[str, Any] = {"suspended": self.suspended} if self.suspended else {}
        if self.session:
            said["session"] = True
        return said | ({"team": list(self.team)} if self.team is not None else {})

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Caller":
        """Read the caller out of an API Gateway event.

        Raises:
            InvalidApiKey: the event did not pass the authorizer.
            UserSuspended: it did, and its user may do nothing.
        """
        context = (event.get("requestContext") or {}).get("authorizer") or {}
        if not context.get("caller"):
            raise InvalidApiKey("You did not provide an API key.")
        said = unpacked(context["caller"])
        if "suspended" in said:
            raise UserSuspended(SUSPENDED[said["suspended"]])
        return cls(
            key_id=said["keyId"],
            user_id=said["userId"],
            scopes=tuple(said["scopes"]),
            expires_at=_moment_or_none(said.get("expiresAt")),
            allowed_models=_tuple_or_none(said.get("allowedModels")),
            allowed_ips=_tuple_or_none(said.get("allowedIps")),
            limits=said.get("limits") or {},
            price_percent=said.get("pricePercent", LIST_PRICE_PERCENT),
            aliases=said.get("aliases") or {},
            cache_seconds=said.get("cacheSeconds", 0),
            cap=said.get("cap", LOWER),
            over=tuple([Over(key_id, limits) for key_id, limits in said["over"]]) if "over" in said else (),
            secret_made_at=_moment_or_none(said.get("secretMadeAt")),
            team=Team(*said["team"]) if "team" in said else None,
            session="session" in said,
        )


def packed(said: Mapping[str, Any]) -> str:
    """A caller's fields as letters, digits, `-` and `_`: base64url of JSON.

    JSON as it is has quotes, which an authorizer's answer may not survive being cached with (mantil-io/mantil#52).
    """
    text = compact(said).encode()
    return b2a_base64(text, newline=False).decode().translate(_URL_SAFE)


def unpacked(text: str) -> dict[str, Any]:
    """The fields out of `packed`'s text."""
    said: dict[str, Any] = read_bytes(a2b_base64(text.translate(_PLAIN) + "=" * (-len(text) % 4)))
    return said


# The module base64 says the same in words, and is one more to import at every start.
_URL_SAFE = str.maketrans({"+": "-", "/": "_", "=": None})
_PLAIN = str.maketrans("-_", "+/")


def _moment_or_none(text: str | None) -> datetime | None:
    return from_iso(text) if text else None


def _tuple_or_none(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
