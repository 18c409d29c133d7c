"""The use cases of users: create, change, suspend, resume.

A state is said in this order: in the user's record; in its wallet and in those of its teams, from when on nothing is
reserved for it; on its keys, which the authorizer refuses within a minute. Where a call fails in between, the same call
again says the rest: each writing names the record's version, so none undoes a later one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from aggregator.auth.caller import Caller
from aggregator.identity.model import Change, Profile, User, change_between, new_user_id, require_another


class Users(Protocol):
    """The users; `IdentityStore` behind it."""

    def user(self, user_id: str) -> User:
        """See `IdentityStore.user`."""
        ...

    def teams_of(self, user_id: str) -> list[str]:
        """See `IdentityStore.teams_of`."""
        ...

    def create(self, user: User, change: Change) -> None:
        """See `IdentityStore.create`."""
        ...

    def change(self, before: User, after: User, change: Change) -> None:
        """See `IdentityStore.change`."""
        ...


class Wallets(Protocol):
    """The wallets of all users; `BillingStore` behind it."""

    def suspend(self, user_id: str, version: int, *, member: str | None = None) -> None:
        """See `BillingStore.suspend`."""
        ...

    def resume(self, user_id: str, version: int, *, member: str | None = None) -> None:
        """See `BillingStore.resume`."""
        ...


class Plans(Protocol):
    """The plans; `billing.plans.wiring` behind it."""

    def require_plan(self, plan_id: str) -> None:
        """See `set_plan.require_plan`."""
        ...

    def put_on(self, wallet_id: str, plan_id: str | None, version: int) -> None:
        """See `set_plan.put_on`."""
        ...


class Keys(Protocol):
    """The keys of all users; `auth.follow` behind it."""

    def __call__(self, user_id: str, version: int, *, suspended: bool) -> None:
        """See `auth.follow.follow`."""
        ...


class Sessions(Protocol):
    """The sessions of all users; `auth.wiring.end_sessions` behind it."""

    def __call__(self, user_id: str, *, by: Caller, now: datetime, but_of_role: str | None = None) -> int:
        """See `auth.session.end_all_of`."""
        ...


class Announcer(Protocol):
    """Tells other services of a change that stands; it never fails the change."""

    def announce(self, change: Change) -> None:
        """See `PeopleAnnouncer.announce`."""
        ...


def create(
    user_id: str | None, profile: Profile, *, by: Caller, now: datetime, users: Users, announcer: Announcer
) -> User:
    """Write a user down; one that has keys and money already, under its id, keeps them.

    Raises:
        Conflict: there is such a user, or another has the address; nothing was written.
    """
    user = User(user_id or new_user_id(), profile, created_at=now, created_by=by.key_id, updated_at=now)
    change = change_between(None, user, by=by, now=now)
    users.create(user, change)
    announcer.announce(change)
    return user


def update(
    user_id: str,
    fields: Mapping[str, Any],
    *,
    by: Caller,
    now: datetime,
    users: Users,
    wallets: Wallets,
    keys: Keys,
    plans: Plans,
    sessions: Sessions,
    announcer: Announcer,
) -> User:
    """Set `fields` of a user's profile, or `bound_to`; a state or a plan that it has already is said again.

    Sessions of another role end, and all of them with a binding that is taken away.

    Raises:
        NotFound: there is no such record.
        InvalidRequest: there is no such plan; nothing was written.
        Conflict: it was changed at the same moment, another has the address, or it is the caller's own user that is to
            be suspended; nothing was written.
        StoreUnavailable: the state stands, and holds for the wallet, but not for all keys: the same call goes on.
    """
    user = users.user(user_id)
    changed = user.changed(fields, now)
    if "state" in fields:
        require_another(changed, by)
    if fields.get("plan") is not None:
        plans.require_plan(fields["plan"])
    if changed is not user:
        change = change_between(user, changed, by=by, now=now)
        users.change(user, changed, change)
        announcer.announce(change)
    if "state" in fields:
        say = wallets.suspend if changed.is_suspended else wallets.resume
        say(user_id, changed.version)
        for team_id in users.teams_of(user_id):
            say(team_id, changed.version, member=user_id)
        keys(user_id, changed.version, suspended=changed.is_suspended)
    if "plan" in fields:
        plans.put_on(user_id, changed.profile.plan, changed.version)
    if "bound_to" in fields:
        sessions(user_id, by=by, now=now)
    elif "role" in fields:
        sessions(user_id, by=by, now=now, but_of_role=changed.profile.role)
    return changed
