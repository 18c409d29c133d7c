"""Stand-ins for what the use cases of users work with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from aggregator.auth.caller import Caller
from aggregator.errors import InvalidRequest, StoreUnavailable
from aggregator.identity.model import Change, Profile, User, unknown_user
from aggregator.identity.users import Announcer, Keys, Plans, Sessions, Users, Wallets

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ADMIN = Caller(key_id="admin", user_id="admin", scopes=("admin",))
PROFILE = Profile(email="ann@example.com", name="Ann", role="member")
ANN = User("ann", PROFILE, created_at=NOW, created_by="admin", updated_at=NOW)


@dataclass
class Desk:
    """All of them in one: what was done, in its order, is in `done`."""

    users: dict[str, User] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    announced: list[Change] = field(default_factory=list)
    done: list[tuple[str, str, int]] = field(default_factory=list)
    broken: str = ""
    teams: dict[str, list[str]] = field(default_factory=dict)
    plans: tuple[str, ...] = ("pro",)

    def user(self, user_id: str) -> User:
        if user_id not in self.users:
            raise unknown_user()
        return self.users[user_id]

    def create(self, user: User, change: Change) -> None:
        self.users[user.user_id] = user
        self.changes.append(change)

    def change(self, before: User, after: User, change: Change) -> None:
        assert self.users[before.user_id] == before
        self.users[after.user_id] = after
        self.changes.append(change)
        self.done.append(("record", after.user_id, after.version))

    def suspend(self, user_id: str, version: int, *, member: str | None = None) -> None:
        self._do(f"suspend {member or 'the wallet'}", user_id, version)

    def resume(self, user_id: str, version: int, *, member: str | None = None) -> None:
        self._do(f"resume {member or 'the wallet'}", user_id, version)

    def require_plan(self, plan_id: str) -> None:
        if plan_id not in self.plans:
            raise InvalidRequest("plan: There is no such plan.", param="plan")

    def put_on(self, wallet_id: str, plan_id: str | None, version: int) -> None:
        self._do(f"put on {plan_id}", wallet_id, version)

    def teams_of(self, user_id: str) -> list[str]:
        return self.teams.get(user_id, [])

    def keys(self, user_id: str, version: int, *, suspended: bool) -> None:
        self._do("suspend the keys" if suspended else "resume the keys", user_id, version)

    def sessions(self, user_id: str, *, by: Caller, now: datetime, but_of_role: str | None = None) -> int:
        assert by.is_admin
        assert now in (NOW, LATER)
        self.done.append((f"end sessions but of {but_of_role}", user_id, 0))
        return 1

    def announce(self, change: Change) -> None:
        self.announced.append(change)

    def _do(self, what: str, user_id: str, version: int) -> None:
        if self.broken == what:
            raise StoreUnavailable("Not now.")
        self.done.append((what, user_id, version))


def _is_checked(desk: Desk) -> tuple[Users, Wallets, Keys, Plans, Sessions, Announcer]:
    """The stand-ins are what they stand for, says mypy."""
    return desk, desk, desk.keys, desk, desk.sessions, desk
