"""The use case: an ID token becomes a session.

the token is proven -> its nonce is taken -> the person is found among the users, and bound at the first time -> a key

In this order, so that what is refused leaves as little as may be.
"""

from datetime import datetime
from typing import Protocol

from aggregator.auth.caller import Caller
from aggregator.auth.issue import IssuedKey
from aggregator.auth.model import SIGN_IN
from aggregator.errors import StoreUnavailable
from aggregator.identity.binding import Person
from aggregator.identity.model import User
from aggregator.signin.id_token import read
from aggregator.signin.issuer import Code, Issuer


class Nonces(Protocol):
    """The nonces that were taken; `identity.nonces.Nonces` behind it."""

    def take(self, issuer: str, nonce: str, until: datetime) -> None:
        """See `Nonces.take`."""
        ...


class People(Protocol):
    """Knows who a person is here; `identity.wiring` behind it."""

    def user_for(self, person: Person, *, by_key_id: str, now: datetime) -> User:
        """See `binding.user_for`."""
        ...

    def is_as_read(self, user: User) -> bool:
        """See `identity.wiring.is_as_read`."""
        ...


class Sessions(Protocol):
    """Makes and ends sessions; `auth.wiring` behind it."""

    def open_session(self, user_id: str, role: str, *, now: datetime) -> IssuedKey:
        """See `auth.wiring.open_session`."""
        ...

    def end_session(self, *, by: Caller, now: datetime) -> int:
        """See `auth.wiring.end_session`."""
        ...


def sign_in(
    proof: str | Code,
    nonce: str,
    *,
    now: datetime,
    issuer: Issuer,
    nonces: Nonces,
    people: People,
    sessions: Sessions,
) -> tuple[IssuedKey, User]:
    """A session for who an ID token, or the one that a code stands for, is about.

    Whoever changes a role, or takes a binding away, writes that and then ends the sessions that are there; one that is
    made meanwhile finds the user changed, and ends by itself.

    Raises:
        InvalidCode, InvalidIdToken: it proves nothing; nothing was written.
        EmailNotVerified, NotInvited, UserSuspended: it does, and the person may not; the nonce is taken.
        StoreUnavailable: the issuer or a table does not answer now, or the user is changed at this moment.
    """
    claims = read(proof if isinstance(proof, str) else issuer.exchange(proof), nonce, issuer)
    nonces.take(claims.issuer, nonce, claims.expires_at)
    person = Person(claims.issuer, claims.subject, claims.email)
    user = people.user_for(person, by_key_id=SIGN_IN, now=now)
    issued = sessions.open_session(user.user_id, user.profile.role, now=now)
    if not people.is_as_read(user):
        sessions.end_session(by=issued.key.caller(), now=now)
        raise StoreUnavailable("You were changed at this moment; sign in again.", retry_after_seconds=1)
    return issued, user
