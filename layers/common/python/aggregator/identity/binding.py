"""Who signs in: the user that an issuer's subject is bound to, or at the first time the one with the mail address.

An invitation is a user whom nobody is bound to yet. The first sign-in with the address binds, in one transaction that
asks for the user's version and for a subject that nobody has: of two at once one binds. From then on the address says
nothing any more: who changes it at the issuer stays the same user, and who gets it there later is nobody.
"""

from datetime import datetime
from random import uniform
from time import sleep
from typing import NamedTuple, Protocol

from aggregator.auth.caller import Caller
from aggregator.errors import (
    SUSPENDED,
    Conflict,
    EmailNotVerified,
    NotInvited,
    StoreUnavailable,
    UserSuspended,
)
from aggregator.identity.model import Binding, Change, User, change_between

_ATTEMPTS = 4


class Person(NamedTuple):
    """Who somebody is at an issuer. `email` is in small letters, and None where nobody vouches for it."""

    issuer: str
    subject: str
    email: str | None


class Users(Protocol):
    """The users; `IdentityStore` behind it."""

    def user_bound_to(self, issuer: str, subject: str) -> User | None:
        """See `IdentityStore.user_bound_to`."""
        ...

    def user_with(self, email: str) -> User | None:
        """See `IdentityStore.user_with`."""
        ...

    def change(self, before: User, after: User, change: Change) -> None:
        """See `IdentityStore.change`."""
        ...


class Announcer(Protocol):
    """Tells other services of a change that stands; it never fails the change."""

    def announce(self, change: Change) -> None:
        """See `PeopleAnnouncer.announce`."""
        ...


def user_for(person: Person, *, by_key_id: str, now: datetime, users: Users, announcer: Announcer) -> User:
    """The user that a person is, bound to the person if nobody was yet.

    Raises:
        EmailNotVerified: nobody vouches for the address, and the person is not bound; nothing was written.
        NotInvited: nobody has the address, or somebody else is bound to who has it; nothing was written.
        UserSuspended: the user is; nothing was written.
        Conflict, StoreUnavailable: the user kept changing; nothing was written.
    """
    for attempt in range(_ATTEMPTS - 1):
        try:
            return _user_for(person, by_key_id, now, users, announcer)
        except (
            Conflict,
            StoreUnavailable,
        ):  # somebody changes the user, or signs in as well: it is read again
            sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
    return _user_for(person, by_key_id, now, users, announcer)


def _user_for(person: Person, by_key_id: str, now: datetime, users: Users, announcer: Announcer) -> User:
    user = users.user_bound_to(person.issuer, person.subject)
    if user is not None:
        return _active(user)
    if person.email is None:
        raise EmailNotVerified(
            "The issuer does not vouch for your mail address, so nobody can be found by it."
        )
    user = users.user_with(person.email)
    if user is None:
        raise NotInvited("Nobody has invited your mail address. Ask whoever runs this platform.")
    if user.bound_to is not None:
        if (user.bound_to.issuer, user.bound_to.subject) == (person.issuer, person.subject):
            return _active(user)  # bound in this moment, by the same person's other sign-in
        raise NotInvited(
            "Who was invited by your mail address signs in with another account. Ask whoever runs this platform."
        )
    _active(user)
    bound = user.changed({"bound_to": Binding(person.issuer, person.subject, now)}, now)
    change = change_between(user, bound, by=Caller(by_key_id, user.user_id), now=now)
    users.change(user, bound, change)
    announcer.announce(change)
    return bound


def _active(user: User) -> User:
    if user.is_suspended:
        raise UserSuspended(SUSPENDED["user"])
    return user
