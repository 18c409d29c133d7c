"""Who a key belongs to and what it may do, as it is told to whoever has it."""

from aggregator.auth.api import LimitsView
from aggregator.auth.caller import Caller
from aggregator.runtime.schema import Moment, Response, UserId


class Me(Response):
    """The caller of a request; null is not limited. An admin's key has every scope. A `session` is by signing in."""

    user_id: UserId
    key_id: str
    team_id: str | None
    scopes: list[str]
    admin: bool
    session: bool
    expires_at: Moment | None
    allowed_models: list[str] | None
    allowed_ips: list[str] | None
    limits: LimitsView
    price_percent: int
    aliases: dict[str, str]
    cache_seconds: int
    cap: str

    @classmethod
    def of(cls, caller: Caller) -> "Me":
        """Show a caller."""
        return cls(
            user_id=caller.user_id,
            key_id=caller.key_id,
            team_id=None if caller.team is None else caller.team.team_id,
            scopes=list(caller.scopes),
            admin=caller.is_admin,
            session=caller.session,
            expires_at=caller.expires_at,
            allowed_models=None if caller.allowed_models is None else list(caller.allowed_models),
            allowed_ips=None if caller.allowed_ips is None else list(caller.allowed_ips),
            limits=LimitsView.of(caller.limits),
            price_percent=caller.price_percent,
            aliases=dict(caller.aliases),
            cache_seconds=caller.cache_seconds,
            cap=caller.cap,
        )
