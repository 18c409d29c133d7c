"""Who may give what: a key hands on no more than it has itself. Standard library only.

An admin may give anything to anybody. A key with `keys:manage` may give its own user's keys what it has
itself, or less: its scopes (never admin), models and networks within its own, limits and expiry at most its own.
What they use counts against its own limits too, and against those of the keys that it descends from itself: however
many keys one makes, together they have no more than it has.

A session is a person: the keys that it makes outlast it, and may charge a team that the person is in.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_network

from aggregator.auth.caller import KEYS_MANAGE, LOWER, Caller
from aggregator.auth.model import ApiKey, Grant, unknown_key
from aggregator.errors import MissingScope

LONGEST_LINE = 4
"""How many keys may be over one: the authorizer reads each of them."""


def require_manager(by: Caller, user_id: str) -> None:
    """Refuse a caller who may not manage the keys of `user_id`.

    Raises:
        MissingScope: the key may manage no keys.
        NotYours: it may, but not those of another user.
    """
    by.require_scope(KEYS_MANAGE)
    by.require_user(user_id)


def require_visible(key: ApiKey, by: Caller) -> ApiKey:
    """Return the key if `by` may see it. Another user's key is not found: an id alone tells nobody that it exists.

    Raises:
        MissingScope: the caller may manage no keys.
        NotFound: the key is another user's.
    """
    by.require_scope(KEYS_MANAGE)
    if key.user_id != by.user_id and not by.is_admin:
        raise unknown_key()
    return key


def inherited(grant: Grant, by: Caller) -> Grant:
    """Fill what a new key leaves open with what its maker is limited to."""
    if by.is_admin:
        return grant
    return grant._replace(
        expires_at=grant.expires_at or (None if by.session else by.expires_at),
        allowed_models=by.allowed_models if grant.allowed_models is None else grant.allowed_models,
        allowed_ips=by.allowed_ips if grant.allowed_ips is None else grant.allowed_ips,
        limits={**by.limits, **grant.limits},
        aliases={**by.aliases, **grant.aliases},
        cache_seconds=grant.cache_seconds or by.cache_seconds,
        cap=by.cap if grant.cap == LOWER else grant.cap,
    )


def line_under(by: Caller) -> tuple[str, ...]:
    """Ids of the keys over one that `by` makes: those over `by`, and `by`. Over an admin's or session's there is none.

    Raises:
        MissingScope: `by` is so far down its line that the authorizer would read too many keys for one request.
    """
    if by.is_admin or by.session:
        return ()
    if len(by.over) >= LONGEST_LINE:
        raise MissingScope(
            f"This API key cannot make keys: {LONGEST_LINE} keys made one another above it, which is the most."
        )
    return (*(above.key_id for above in by.over), by.key_id)


def team_under(by: Caller, asked: str | None) -> str | None:
    """Whose wallet a key charges that `by` makes: an admin or a session says so; else it is the one that `by` charges.

    A key of a user's own wallet may name a team, if no limit holds for it: what is counted in a team counts against no
    key outside of it. Whether its user may spend for the team is asked of the team (`require_spender`).

    Raises:
        MissingScope: `by` charges another one, or has limits; `param` names the field.
    """
    if by.is_admin or by.session:
        return asked
    own = None if by.team is None else by.team.team_id
    if asked in (None, own):
        return own
    if own is not None:
        raise _beyond("teamId", "it charges another wallet itself")
    if _is_limited(by):
        raise _beyond("teamId", "it has limits, which would not hold for what the team pays")
    return asked


def require_to_hold(key: ApiKey, by: Caller) -> None:
    """Refuse a new secret of `key` to a limited caller whose own limits do not hold for `key`.

    Whoever rotates a key holds it afterwards, beside what it has: to be no more, it must be itself or its descendant.

    Nor to whoever charges another wallet than the key does.

    Raises:
        MissingScope: `by` is limited, and `key` is not of its line; or it spends other money.
    """
    if not (by.is_admin or by.session) and key.team_id != (None if by.team is None else by.team.team_id):
        raise MissingScope(
            "That API key charges another wallet than this one: only an admin may rotate it.", param="keyId"
        )
    if _is_limited(by) and not by.is_admin and by.key_id not in (key.key_id, *key.line):
        raise MissingScope(
            "This API key has limits, and that one does not count against them: only a key without limits, or an "
            "admin, may rotate it.",
            param="keyId",
        )


def require_within(grant: Grant, by: Caller) -> None:
    """Refuse a grant that goes beyond what the giver has itself.

    Also asked before a rotation: whoever may rotate a key holds it afterwards.

    Raises:
        MissingScope: beyond; `param` names the field.
    """
    if by.is_admin:
        return
    beyond = [scope for scope in grant.scopes if scope not in by.scopes]
    if beyond:
        raise _beyond("scopes", f"it does not have the scope '{beyond[0]}' itself")
    ends = None if by.session else by.expires_at
    if ends is not None and (grant.expires_at is None or grant.expires_at > ends):
        raise _beyond("expiresAt", "it expires earlier itself")
    if not _models_within(grant.allowed_models, by.allowed_models):
        raise _beyond("allowedModels", "it is limited to other models itself")
    if not _networks_within(grant.allowed_ips, by.allowed_ips):
        raise _beyond("allowedIps", "it is limited to other networks itself")
    if grant.price_percent != by.price_percent:
        raise _beyond("pricePercent", "only an admin sets it")
    if looser := _looser_limit(grant.limits, by.limits):
        raise _beyond(f"limits.{looser.removesuffix('NanoUsd')}", "its own limit is lower")


def _is_limited(by: Caller) -> bool:
    return bool(by.limits) or any(above.limits for above in by.over)


def _beyond(param: str, reason: str) -> MissingScope:
    return MissingScope(f"{param}: this API key cannot grant that, because {reason}.", param=param)


def _models_within(inner: tuple[str, ...] | None, outer: tuple[str, ...] | None) -> bool:
    """Whether each pattern stays inside one outer pattern.

    With `*` as the only wildcard, a pattern read as plain text and matched by another describes a subset of it.
    """
    if outer is None:
        return True
    return inner is not None and all(any(fnmatchcase(each, pattern) for pattern in outer) for each in inner)


def _networks_within(inner: tuple[str, ...] | None, outer: tuple[str, ...] | None) -> bool:
    if outer is None:
        return True
    around = [ip_network(network) for network in outer]
    return inner is not None and all(
        any(_is_inside(ip_network(each), network) for network in around) for each in inner
    )


def _is_inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False


def _looser_limit(inner: Mapping[str, int], outer: Mapping[str, int]) -> str | None:
    return next((name for name, most in outer.items() if name not in inner or inner[name] > most), None)
